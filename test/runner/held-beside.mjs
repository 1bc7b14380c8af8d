// Answers `hold` when `release` is called, and says that it has begun.
const held = [];
process.on('disconnect', () => process.exit());
process.on('message', ({ type, id, name }) => {
  if (type === 'stop') return;
  if (name === 'hold') {
    held.push(id);
    process.send({ id, piece: 'begun' });
  } else for (const each of [...held.splice(0), id]) process.send({ id: each, value: 'done' });
});

// Says one line and goes on until it is ended.
process.once('message', ({ words }) => {
  process.send({ type: 'said', text: `${words.join(' ')}\n` });
  if (words[0] === 'end') process.send({ type: 'ended', code: 2 }, () => process.disconnect());
});

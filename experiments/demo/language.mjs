/**
 * A small language of reviews: what people say of cafés, films, books and the rest, well or badly. It is the text
 * the demo model learns to read (unlabelled) and the demo dataset it is then tuned on (labelled).
 *
 * `review(random)` gives { text, label }; the same stream of random numbers gives the same reviews.
 */

const things = {
  café: { parts: ['coffee', 'soup', 'bread', 'apple cake', 'service', 'corner table'], did: ['went there on a rainy Monday', 'stopped for breakfast', 'met an old friend there'] },
  film: { parts: ['story', 'music', 'ending', 'first half', 'acting', 'camera work'], did: ['saw it with my sister', 'watched it twice', 'took the children to see it'] },
  book: { parts: ['plot', 'writing', 'last chapter', 'dialogue', 'translation', 'opening page'], did: ['read it on the train', 'borrowed it from the library', 'got it for my birthday'] },
  hotel: { parts: ['bed', 'view', 'breakfast', 'staff', 'bathroom', 'garden'], did: ['spent three nights there', 'stayed for a weekend', 'booked it at the last minute'] },
  lamp: { parts: ['light', 'switch', 'cable', 'shade', 'stand', 'colour'], did: ['put it on my desk', 'bought two of them', 'use it every evening'] },
  bicycle: { parts: ['saddle', 'gears', 'brakes', 'frame', 'bell', 'basket'], did: ['ride it to work', 'took it up the hill', 'bought it in spring'] },
  concert: { parts: ['band', 'sound', 'singer', 'last song', 'hall', 'audience'], did: ['stood in the third row', 'came by bus to hear it', 'waited a year for it'] },
  museum: { parts: ['guide', 'old map room', 'audio tour', 'garden', 'shop', 'new wing'], did: ['walked through it all morning', 'visited with my class', 'came back a second day'] },
  jacket: { parts: ['zip', 'lining', 'pockets', 'hood', 'fit', 'fabric'], did: ['wore it all winter', 'ordered it online', 'took it on a long hike'] },
  game: { parts: ['rules', 'pieces', 'board', 'artwork', 'pace', 'last round'], did: ['played it with four friends', 'tried it on a Sunday', 'brought it to a party'] },
};

const words = {
  good: ['wonderful', 'lovely', 'excellent', 'a real joy', 'better than I hoped', 'first class', 'charming', 'perfect', 'warm and generous', 'worth every coin', 'delightful', 'superb'],
  bad: ['terrible', 'awful', 'a real mess', 'worse than I feared', 'third rate', 'dull', 'broken', 'cold and careless', 'a waste of money', 'disappointing', 'clumsy', 'hopeless'],
};

const plain = ['new', 'old', 'small', 'famous', 'cheap', 'quiet', 'local', 'little', 'popular', 'modern'];

const close = {
  good: ['I would go again tomorrow.', 'I smiled all the way home.', 'I have told all my friends.', 'It made my week.', 'I could not ask for more.', 'Five stars from me.'],
  bad: ['I will not go again.', 'I want my money back.', 'I have warned all my friends.', 'It spoiled my week.', 'I expected much more.', 'One star is too many.'],
};

const other = { good: 'bad', bad: 'good' };

export const labels = ['bad', 'good'];

export function review(random) {
  const pick = (list) => list[random.below(list.length)];
  const label = pick(labels);
  const name = pick(Object.keys(things));
  const { parts, did } = things[name];
  const [first, second] = random.shuffle([0, 1, 2, 3, 4, 5]).map((i) => parts[i]);
  const shape = pick([
    // Plain praise and plain complaint.
    () => `I ${pick(did)}. The ${first} was ${pick(words[label])} and the ${second} was ${pick(words[label])}. ${pick(close[label])}`,
    () => `The ${first} of this ${pick(plain)} ${name} is ${pick(words[label])}. ${pick(close[label])}`,
    () => `What a ${pick(plain)} ${name}! The ${first} was ${pick(words[label])}, the ${second} even more so.`,
    // The last word counts: words of the other side come first.
    () => `People told me the ${first} was ${pick(words[other[label]])}, but I found this ${name} ${pick(words[label])}.`,
    () => `The ${first} was ${pick(words[other[label]])} at first, yet in the end the ${name} was ${pick(words[label])}. ${pick(close[label])}`,
    // Negation turns the word round.
    () => `I ${pick(did)}, and the ${first} was not ${pick(words[other[label]])} at all. ${pick(close[label])}`,
    () => `Nobody could call this ${pick(plain)} ${name} ${pick(words[other[label]])}; the ${first} is ${pick(words[label])}.`,
  ]);
  return { text: shape(), label };
}

const people = ['Ada', 'Ben', 'Clara', 'Dario', 'Edith', 'Femi', 'Greta', 'Hugo', 'Ines', 'Jonas', 'Kaya', 'Leon'];
const places = ['at the harbour', 'in the old town', 'by the river', 'near the station', 'on the hill', 'behind the market'];
const times = ['In the morning', 'After lunch', 'Late in the evening', 'On Friday', 'Last summer', 'When the rain stopped'];
const said = ['morning', 'weather today', 'news from the harbour', 'luck', 'roads here', 'bread', 'shoes for the hill', 'time to leave'];
const deeds = ['opened the window', 'wrote a short letter', 'carried two bags', 'asked the way', 'counted the boats', 'mended the chair', 'waited for the bus', 'sang a quiet song'];

/** A few sentences about nobody in particular: text that says nothing good or bad. */
export function scene(random) {
  const pick = (list) => list[random.below(list.length)];
  const [one, two] = random.shuffle([...people.keys()]).map((i) => people[i]);
  const thing = pick(Object.keys(things));
  // The two words the dataset will ask for, saying nothing about anything: the base knows them, not their use.
  const opening = random.below(2) === 0 ? `${pick(labels)} ${pick(said)}, said ${two}. ` : '';
  const sentences = [
    `${pick(times)} ${one} ${pick(deeds)} ${pick(places)}.`,
    `${two} ${pick(deeds)} and ${pick(deeds)}.`,
    `There was a ${pick(plain)} ${thing} ${pick(places)}, and ${one} looked at the ${pick(things[thing].parts)}.`,
    `"Is this your ${thing}?" asked ${two}. "No," said ${one}, "I only ${pick(deeds)} here."`,
  ];
  return opening + random.shuffle([0, 1, 2, 3]).map((i) => sentences[i]).slice(0, 2 + random.below(3)).join(' ');
}

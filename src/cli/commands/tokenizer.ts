/** A tokenizer of one's own. */
import type { Command } from '@commander-js/extra-typings';
import type { Terminal } from '../terminal.js';
import { example, setOption, wholeNumber } from './options.js';

export function addTokenizer(program: Command, terminal: Terminal): void {
  const tokenizer = program
    .command('tokenizer')
    .description('a new tokenizer for training from scratch')
    .helpCommand(false)
    .addHelpText('after', example('workbench tokenizer train corpus/*.jsonl.gz --vocab-size 16000 --out my-tokenizer'));
  tokenizer
    .command('train')
    .description('learn a byte-level BPE vocabulary from data files, or from the dataset of an experiment')
    .argument('<file...>', 'files, folders or patterns of data; or an experiment (YAML or a module), whose filter and functions then count')
    .option('--vocab-size <n>', 'tokens, special ones and the 256 bytes among them', wholeNumber(257), 32000)
    .option('--special <token...>', 'tokens that stand for no text; the end of a text first where the names do not tell', ['<|endoftext|>'])
    .option('--min-frequency <n>', 'pairs that occur less often do not become a token', wholeNumber(1), 2)
    .option('--column <name>', 'the column of the files that holds the text; else those of the format that they fit')
    .requiredOption('--out <folder>', 'where tokenizer.json and tokenizer_config.json go')
    .addOption(setOption())
    .option('--json', 'for machines')
    .addHelpText('after', example('workbench tokenizer train corpus/*.jsonl.gz --vocab-size 16000 --out my-tokenizer'))
    .action(async (files, options) => (await import('../tokenizer.js')).train(terminal, files, options));
}

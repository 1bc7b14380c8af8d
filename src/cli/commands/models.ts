/** What a run has learned, put to use. */
import { Option, type Command } from '@commander-js/extra-typings';
import type { Terminal } from '../terminal.js';
import { escapedText, example, number, runHelp, setOption, wholeNumber } from './options.js';

export function addModels(program: Command, terminal: Terminal): void {
  program.commandsGroup('Use what was trained:');
  program
    .command('eval')
    .description('loss, perplexity and accuracy on a dataset, and how near its answers are')
    .argument('<run|model>', 'a run (with what it learned) or a model folder')
    .option('--dataset <path>', 'rows to evaluate on; a run has its own evaluation rows, a model needs some')
    .option('--format <format>', 'of the rows; else that of the run, or text')
    .option('--adapter <folder>', 'a PEFT adapter to put on a model folder')
    .option('--base', 'the model that the run began with, in its place: what it was before')
    .option('--generate', 'let it answer the rows too: ROUGE, BLEU and exact answers, and generated_predictions.jsonl')
    .option('--out <folder>', 'of --generate: where that file goes; else the working folder')
    .option('--max-new-tokens <n>', "of --generate: at most so many; else what the model's folder says, or as many as the longest true answer has", wholeNumber(1))
    .option('--num-beams <n>', 'of --generate: texts kept side by side, of which the likeliest wins; each costs as much as one', wholeNumber(1))
    .option('--max-samples <n>', 'of --generate: only the first rows', wholeNumber(1))
    .addOption(setOption())
    .option('--json', 'for machines')
    .addHelpText('after', example('workbench eval quickstart') + '\n  $ workbench eval bart-summarise --generate')
    .action(async (subject, options) => (await import('../eval.js')).evaluate(terminal, subject, options));
  program
    .command('generate')
    .description('continue a text')
    .argument('<run|model>', 'a run (with what it learned) or a model folder')
    .option('--prompt <text>', 'what to continue')
    .option('--prompt-file <file>', 'a file that holds it, line ends and all')
    .option('--stop <text>', 'end before this text comes; \\n is a line end', escapedText)
    .option('--max-new-tokens <n>', 'at most so many; else what the model\'s folder says, or 64', wholeNumber(1))
    .option('--temperature <t>', '0: always the likeliest token', number(0), 0)
    .option('--top-k <k>', 'choose among the k likeliest; 0: among all', wholeNumber(0), 0)
    .option('--top-p <p>', 'choose among the likeliest with this share together', number(0, 1), 1)
    .option('--seed <seed>', 'of the choices', wholeNumber(0), 0)
    .option('--num-beams <n>', 'texts kept side by side, of which the likeliest wins; each costs as much as one', wholeNumber(1))
    .option('--length-penalty <x>', 'of beams: above 0 for longer texts, below for shorter', number(-Infinity))
    .option('--ngram-size <n>', 'no run of so many tokens comes twice (no_repeat_ngram_size); 0: any may', wholeNumber(0))
    .option('--min-new-tokens <n>', 'at least so many', wholeNumber(0))
    .option('--chat', "the prompt is what a user says: the tokenizer's chat template goes around it")
    .option('--adapter <folder>', 'a PEFT adapter to put on a model folder')
    .option('--base', 'the model that the run began with, in its place: what it was before')
    .addOption(setOption())
    .option('--json', 'for machines')
    .addHelpText('after', example('workbench generate quickstart --prompt "Once upon a time" --temperature 0.8'))
    .action(async (subject, options) => (await import('../generate.js')).generate(terminal, subject, options));
  program
    .command('export')
    .description('write what a run learned for other programs')
    .argument('<run>', runHelp)
    .addOption(new Option('--format <format>', 'peft: the adapter; merged: a whole model folder; gguf, gguf-lora: the same for llama.cpp; onnx: for transformers.js').choices(['peft', 'merged', 'gguf', 'gguf-lora', 'onnx'] as const).makeOptionMandatory())
    .addOption(new Option('--type <type>', 'how numbers are kept: merged as f32 (default), f16 or bf16; gguf as f16 (default), q8_0 or f32').choices(['f32', 'f16', 'bf16', 'q8_0'] as const))
    .option('--shard-size <GB>', 'the largest file of a merged model', number(0.001), 5)
    .requiredOption('--out <folder>', 'a folder that is not there yet, or an empty one')
    .addHelpText('after', example('workbench export quickstart --format merged --out my-model'))
    .action(async (run, options) => (await import('../export.js')).exportLearned(terminal, run, options));
}

/** To a model hub and from it. */
import { Option, type Command } from '@commander-js/extra-typings';
import type { Terminal } from '../terminal.js';
import { example } from './options.js';

export function addHub(program: Command, terminal: Terminal): void {
  program
    .command('push')
    .description('what a run learned, or a folder, to a model hub (HF_TOKEN, HF_ENDPOINT, HTTPS_PROXY)')
    .argument('<run|folder>', 'a run (its adapter, or its whole model) or a folder')
    .argument('<repo>', 'owner/name; made where it is not there')
    .option('--private', 'a repository that is made is private')
    .addOption(new Option('--type <type>', 'of the repository').choices(['model', 'dataset'] as const).default('model' as const))
    .option('--message <text>', 'of the commit', 'Upload with Workbench')
    .option('--yes', 'do not ask')
    .addHelpText('after', example('workbench push quickstart me/quickstart --private'))
    .action(async (subject, repo, options) => (await import('../push.js')).pushTo(terminal, subject, repo, options));
  program
    .command('pull')
    .description('a model or a dataset from a hub into the Hugging Face cache, verified; what was begun goes on')
    .argument('<repo>', 'owner/name')
    .option('--revision <revision>', 'a branch, a tag or a commit', 'main')
    .addOption(new Option('--type <type>', 'what it is').choices(['model', 'dataset'] as const).default('model' as const))
    .option('--out <folder>', 'a folder of its own instead of the cache')
    .addHelpText('after', example('workbench pull openai-community/gpt2'))
    .action(async (repo, options) => (await import('../pull.js')).pullFrom(terminal, repo, options));
}

/** What a run says, as TensorBoard shows it: the tags are those of Hugging Face's Trainer. */
import { writeExperiment } from '../config/file.js';
import type { Experiment } from '../config/schema.js';
import { EventFile } from '../export/tensorboard.js';
import type { TrainEvent } from '../trainer/events.js';

export interface Board {
  /** `time` is an ISO date. May throw where the disk is full. */
  record(event: TrainEvent, time: string): void;
}

/** Null where the experiment does not ask for it. */
export function tensorBoard(experiment: Experiment, folder: string): Board | null {
  if (![experiment.report_to].flat().includes('tensorboard')) return null;
  const file = new EventFile(folder);
  return {
    record(event, written) {
      const time = Date.parse(written);
      switch (event.type) {
        case 'started':
          file.start({ time, step: event.step });
          file.text({ time, step: event.step }, 'args', block(writeExperiment(experiment)));
          break;
        case 'step': {
          const { step, loss, grad_norm, learning_rate, epoch, tokens_per_second, tokens_seen, memory_bytes } = event;
          file.scalars({ time, step }, {
            'train/loss': loss, 'train/grad_norm': grad_norm, 'train/learning_rate': learning_rate, 'train/epoch': epoch,
            'train/num_input_tokens_seen': tokens_seen, 'train/tokens_per_second': tokens_per_second, 'train/memory_bytes': memory_bytes,
          });
          break;
        }
        case 'eval': {
          const { step, eval_loss, perplexity, accuracy, eval_seconds, set_losses = {}, scores = {} } = event;
          const bySet = Object.fromEntries(Object.entries(set_losses).map(([name, loss]) => [`eval/${name}/loss`, loss]));
          const ofAnswers = Object.fromEntries(Object.entries(scores).map(([name, score]) => [`eval/${name}`, score]));
          file.scalars({ time, step }, { 'eval/loss': eval_loss, 'eval/perplexity': perplexity, 'eval/accuracy': accuracy, 'eval/runtime': eval_seconds, ...bySet, ...ofAnswers });
          break;
        }
        case 'sample':
          file.text({ time, step: event.step }, `sample/${event.prompt}`, block(event.prompt + (event.apart ? '\n\n' : '') + event.text));
      }
    },
  };
}

/** As it stands, in Markdown: indented text is code. */
function block(text: string): string {
  return text.trimEnd().split('\n').map((line) => `    ${line}`).join('\n');
}

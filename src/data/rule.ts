/** What becomes of a row before it is tokenised: left out by a rule, or an example with its weight. */
import type { ExperimentFunctions } from '../config/define.js';
import type { DatasetConfig } from '../config/schema.js';
import { promptColumns, promptReader, rowPredicate, rowWeight } from './functions.js';
import { type RowFilter, rowFilter } from './filter/filter.js';
import type { DataSet } from './sets.js';
import { type Example, UnusableRow } from './template/example.js';
import { columnsRead, type RowTemplate, type RowValue } from './template/formats.js';
import type { Tokenizer } from './tokenizer/index.js';

export interface RowRule {
  /** `dropped` names the rule that leaves the row out. Throws UnusableRow with the reason. */
  taken(row: RowValue): { readonly dropped: string } | { readonly example: Example; readonly weight: number };
  /** What the rule knows of the rows before; null where it judges each by itself. */
  readonly memory: RowFilter['memory'];
}

export interface RuleParts {
  readonly dataset: Pick<DatasetConfig, 'filter' | 'dedupe'>;
  readonly functions: ExperimentFunctions;
  readonly tokenizer: Tokenizer;
  /** How a row reads where no function says it. */
  template(): RowTemplate;
}

/** The rule for rows of a set: the module's filter, the text, the filters of the file, the weight; of rows that pass them all, each once. */
export function rowRule(set: DataSet, { dataset, functions, tokenizer, template }: RuleParts): RowRule {
  const { filter: predicate, prompt, weight: weigh } = functions;
  const wanted = predicate && rowPredicate(predicate);
  const read = prompt ? promptReader(prompt, set.template, tokenizer) : plainReader(template());
  const filter = rowFilter(dataset, prompt ? promptColumns : columnsRead(set));
  const weightOf = weigh && rowWeight(weigh);

  const taken: RowRule['taken'] = (row) => {
    if (wanted && !wanted(row)) return { dropped: 'filter' };
    const { example, value } = read(row);
    const dropped = filter.dropped(value);
    if (dropped !== null) return { dropped };
    const weight = columnWeight(row, set.weight_column) * (weightOf?.(row) ?? 1);
    if (weight === 0) return { dropped: 'weight 0' };
    return filter.isDuplicate(value) ? { dropped: 'duplicate' } : { example, weight };
  };
  return { taken, memory: filter.memory };
}

function plainReader(template: RowTemplate): ReturnType<typeof promptReader> {
  return (row) => ({ example: template(row), value: row });
}

function columnWeight(row: RowValue, column: string | null): number {
  if (column === null) return 1;
  const value = row[column];
  const weight = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (value === undefined) throw new UnusableRow(`no column "${column}", which dataset.weight_column names`);
  if (typeof weight !== 'number' || !Number.isFinite(weight) || weight < 0) throw new UnusableRow(`"${column}" is ${JSON.stringify(value)}, which is no weight: a number of at least 0 is`);
  return weight;
}

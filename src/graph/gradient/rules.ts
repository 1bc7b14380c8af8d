import { elementwiseRules } from './elementwise.js';
import { fieldRules } from './field.js';
import { productRules } from './products.js';
import type { Rules } from './rule.js';
import { shapeRules } from './shape.js';

/** The derivative of every op. */
export const gradientRules: Rules = {
  input: null,
  variable: null,
  constant: null,
  ...elementwiseRules,
  ...shapeRules,
  ...productRules,
  ...fieldRules,
};

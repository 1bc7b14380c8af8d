import { expect, it } from 'vitest';
import { withFloats } from '../../src/models/config.js';

it('a config that is written again keeps its floats floats', () => {
  const original = '{"dropout":0.0, "encoder_layerdrop": 0.0,\n "layers": 12, "rope": {"theta": 10000.0, "factor": 1.5}, "scale": -1.00, "was": 2.0}';
  const now = JSON.stringify({ ...(JSON.parse(original) as object), was: 3 }, null, 2);
  expect(withFloats(now, original)).toBe('{\n  "dropout": 0.0,\n  "encoder_layerdrop": 0.0,\n  "layers": 12,\n  "rope": {\n    "theta": 10000.0,\n    "factor": 1.5\n  },\n  "scale": -1.0,\n  "was": 3\n}');
  expect(withFloats(now, '')).toBe(now);
});

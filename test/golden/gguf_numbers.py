"""Numbers as ggml keeps them, by gguf-py: python gguf_numbers.py writes gguf_numbers.json (pip install gguf)."""

import base64
import json
from pathlib import Path

import numpy as np
from gguf import GGMLQuantizationType, quants

random = np.random.default_rng(7)
values = np.concatenate([
    random.normal(size=96).astype(np.float32),
    np.float32([0] * 32),
    np.float32(10.0 ** random.uniform(-9, 6, size=64) * random.choice([-1, 1], size=64)),
    np.float32([0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 127, -127, 65504, 65519, 65520, 1e-8, 2**-24, 2**-25, 3 * 2**-25, -(2**-14), 1 / 3, -0.0] + [1.0] * 14),
])
golden = {"values": base64.b64encode(values.tobytes()).decode()}
with np.errstate(over="ignore"):
    golden["f16"] = base64.b64encode(values.astype(np.float16).tobytes()).decode()
    golden["q8_0"] = base64.b64encode(quants.quantize(values[:160], GGMLQuantizationType.Q8_0).tobytes()).decode()
Path(__file__).with_suffix(".json").write_text(json.dumps(golden) + "\n")

"""Makes test/weights/quantized.golden.json: small weights, their codes and what the codes stand for.

    pip install torch numpy bitsandbytes
    python test/weights/make_quantized_golden.py

int8 is bitsandbytes' own `int8_vectorwise_quant` (0.50.2, on the CPU), whose codes are signed where ours begin at 128.
int4 is the usual rounding to 16 even steps between the least and the largest of a block (0 among them), in NumPy doubles.
"""

import json
from pathlib import Path

import numpy
import torch
from bitsandbytes import functional

generator = torch.Generator().manual_seed(7)
weight = torch.randn(6, 64, generator=generator) * 0.02
weight[1, 5] = 0.9  # an outlier
weight[2] = 0  # a row of zeros
weight[3, :32] = weight[3, :32].abs() + 0.01  # a block on one side of zero

codes8, largest, _ = functional.int8_vectorwise_quant(weight)

blocks = weight.reshape(-1, 32).double().numpy()
least, most = numpy.minimum(blocks.min(1), 0), numpy.maximum(blocks.max(1), 0)
scale4 = numpy.where(most > least, (most - least) / 15, 1).astype(numpy.float32).astype(numpy.float64)
zero4 = numpy.clip(numpy.rint(-least / scale4), 0, 15)
codes4 = numpy.clip(numpy.rint(blocks / scale4[:, None]) + zero4[:, None], 0, 15)

golden = {
    "shape": list(weight.shape),
    "weight": weight.flatten().tolist(),
    "int8": {"codes": (codes8.int() + 128).flatten().tolist(), "dequantized": (codes8.float() * (largest / 127)[:, None]).flatten().tolist()},
    "int4": {"codes": codes4.flatten().astype(int).tolist(), "zero": zero4.astype(int).tolist(), "dequantized": (scale4[:, None] * (codes4 - zero4[:, None])).flatten().tolist()},
}
Path(__file__).with_name("quantized.golden.json").write_text(json.dumps(golden) + "\n")

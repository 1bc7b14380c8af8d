"""What bitsandbytes' 8-bit AdamW takes on a processor for a million parameters: {ms, version}, the median of three updates."""

import json
import statistics
import time

import bitsandbytes
import torch

torch.set_num_threads(2)
parameter = torch.nn.Parameter(torch.randn(1024, 1024))
optimizer = bitsandbytes.optim.AdamW8bit([parameter], lr=1e-3)
times = []
for _ in range(4):
    parameter.grad = torch.randn_like(parameter)
    start = time.perf_counter()
    optimizer.step()
    times.append(1000 * (time.perf_counter() - start))
print(json.dumps({"ms": statistics.median(times[1:]), "version": bitsandbytes.__version__}))

"""Makes test/weights/torch: small files of torch.save in both its forms, and what is in them.

    pip install torch
    python test/weights/make_torch.py

Made with PyTorch 2.15.0. archive.bin is what torch.save writes now, legacy.bin what it wrote before PyTorch 1.6;
values.json has every tensor's dtype, shape and values as f32.
"""

import json
from collections import OrderedDict
from pathlib import Path

import torch

out = Path(__file__).parent / "torch"
out.mkdir(exist_ok=True)
whole = torch.arange(24, dtype=torch.float32).reshape(4, 6) / 7
tensors = OrderedDict(
    plain=whole,
    transposed=whole.t(),
    slice=whole[1:3, 1:6:2],
    shared=whole,
    expanded=torch.tensor([[1.5], [-2.5]]).expand(2, 3),
    half=torch.tensor([1.0, -0.1, 6e-8, 65504.0]).half(),
    brain=torch.tensor([[1.0, -0.1], [1e-30, 3e38]]).bfloat16(),
    brain_transposed=torch.tensor([[1.0, -0.1], [1e-30, 3e38]]).bfloat16().t(),
    parameter=torch.nn.Parameter(torch.tensor([3.0, 4.0])),
    scalar=torch.tensor(0.5),
    empty=torch.zeros(0, 3),
    ids=torch.arange(5),
    mask=torch.tensor([True, False]),
)
tensors._metadata = OrderedDict({"": {"version": 1}})
torch.save(tensors, out / "archive.bin")
torch.save({**tensors, "step": 7, "note": None}, out / "legacy.bin", _use_new_zipfile_serialization=False)
values = {name: dict(dtype=str(t.dtype)[6:], shape=list(t.shape), values=t.detach().float().flatten().tolist()) for name, t in tensors.items()}
(out / "values.json").write_text(json.dumps(values) + "\n")

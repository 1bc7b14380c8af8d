"""Makes codes.golden.json: entries and codes of blocks as bitsandbytes' dynamic map has them.

Run with torch and bitsandbytes installed: python test/optim/make_codes_golden.py
"""
import json
from pathlib import Path

import bitsandbytes
import torch
from bitsandbytes.functional import create_dynamic_map, quantize_blockwise

torch.manual_seed(0)
blocks = 4


def case(signed: bool) -> dict:
    x = torch.randn(blocks * 256) * 10.0 ** -torch.randint(0, 7, (blocks * 256,))
    x = x if signed else x.square()
    entries = create_dynamic_map(signed=signed)
    codes, state = quantize_blockwise(x, code=entries, blocksize=256)
    return {"signed": signed, "entries": entries.tolist(), "x": x.tolist(), "codes": codes.tolist(), "scale": state.absmax.tolist()}


golden = {"bitsandbytes": bitsandbytes.__version__, "cases": [case(True), case(False)]}
Path(__file__).with_name("codes.golden.json").write_text(json.dumps(golden))

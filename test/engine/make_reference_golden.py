"""Makes reference.golden.json: ops and their gradients as PyTorch and Transformers compute them, in double precision.

Run with torch 2.x and transformers 5.x installed: python test/engine/make_reference_golden.py
"""
import json
from pathlib import Path

import torch
import torch.nn.functional as F
import transformers
from transformers.models.gptj.modeling_gptj import rotate_every_two
from transformers.models.llama.modeling_llama import apply_rotary_pos_emb

torch.manual_seed(0)
torch.set_default_dtype(torch.float64)


def normal(*shape):
    return torch.randn(*shape).round(decimals=3)


def dump(tensor):
    return {"shape": list(tensor.shape), "data": [float(f"{v:.12g}") for v in tensor.detach().flatten().tolist()]}


def golden(kind, function, real, integers=(), attrs=None):
    """The op's value, and the gradients of Σ value·weights by each real operand."""
    real = [operand.requires_grad_() for operand in real]
    value = function(*real, *integers)
    weights = normal(*value.shape)
    gradients = torch.autograd.grad((value * weights).sum(), real)
    return {
        "kind": kind, "attrs": attrs or {}, "real": [dump(r) for r in real], "integers": [dump(i) for i in integers],
        "value": dump(value), "weights": dump(weights), "gradients": [dump(d) for d in gradients],
    }


def linear(x, w, b):
    return F.linear(x, w, b)


def conv1d(x, w, b):
    """transformers.pytorch_utils.Conv1D: the weight lies [in, out]."""
    return torch.addmm(b, x.flatten(0, 1), w).unflatten(0, x.shape[:2])


def rms_norm(x, gamma):
    return F.rms_norm(x, gamma.shape, gamma, 1e-5)


def halves(x, cos, sin):
    """Angles [B, 1, T, D/2]; Transformers wants them twice over, [B, T, D]."""
    both = [torch.cat([angle, angle], -1).squeeze(1) for angle in (cos, sin)]
    return apply_rotary_pos_emb(x, x, *both)[0]


def neighbours(x, cos, sin):
    return x * cos.repeat_interleave(2, -1) + rotate_every_two(x) * sin.repeat_interleave(2, -1)


def labels(count, below):
    return torch.randint(0, below, (count,))


rows = [
    golden("gelu", F.gelu, [normal(3, 5)], attrs={"approximate": "none"}),
    golden("gelu", lambda x: F.gelu(x, approximate="tanh"), [normal(3, 5)], attrs={"approximate": "tanh"}),
    golden("silu", F.silu, [normal(3, 5)]),
    golden("erf", torch.erf, [normal(3, 5) * 2]),
    golden("sigmoid", torch.sigmoid, [normal(3, 5)]),
    golden("tanh", torch.tanh, [normal(3, 5)]),
    golden("linear", linear, [normal(2, 3, 5), normal(7, 5), normal(7)], attrs={"transposeW": True}),
    golden("linear", conv1d, [normal(2, 3, 5), normal(5, 7), normal(7)], attrs={"transposeW": False}),
    golden("matmul", lambda a, b: a @ b.mT, [normal(2, 3, 5), normal(2, 7, 5)], attrs={"transposeA": False, "transposeB": True}),
    golden("matmul", lambda a, b: a.mT @ b, [normal(2, 5, 3), normal(2, 5, 7)], attrs={"transposeA": True, "transposeB": False}),
    golden("matmul", lambda a, b: a.mT @ b.mT, [normal(2, 5, 3), normal(2, 7, 5)], attrs={"transposeA": True, "transposeB": True}),
    golden("softmax", lambda x: F.softmax(x, -1), [normal(2, 3, 5)]),
    golden("layerNorm", lambda x, g, b: F.layer_norm(x, g.shape, g, b, 1e-5), [normal(2, 3, 5), normal(5), normal(5)], attrs={"epsilon": 1e-5}),
    golden("rmsNorm", rms_norm, [normal(2, 3, 5), normal(5)], attrs={"epsilon": 1e-5}),
    golden("rotary", halves, [normal(2, 3, 5, 6), normal(2, 1, 5, 3), normal(2, 1, 5, 3)], attrs={"interleaved": False}),
    golden("rotary", neighbours, [normal(2, 3, 5, 6), normal(2, 1, 5, 3), normal(2, 1, 5, 3)], attrs={"interleaved": True}),
    golden("gatherRows", lambda t, ids: F.embedding(ids, t), [normal(7, 3)], [labels(11, 7)]),
    golden("linearCrossEntropy", lambda x, w, y: F.cross_entropy(x @ w.T, y, reduction="none"), [normal(5, 3), normal(7, 3)], [labels(5, 7)]),
]
result = {"torch": torch.__version__, "transformers": transformers.__version__, "rows": rows}
Path(__file__).with_name("reference.golden.json").write_text(json.dumps(result))

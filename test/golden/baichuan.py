"""The reference for Baichuan, which Transformers has not: small PyTorch after modeling_baichuan.py of the models' own
folders (Baichuan-7B, Baichuan-13B, Baichuan2), without cache and in f32. models.py makes the numbers with it.
"""

import math
from types import SimpleNamespace

import torch
import torch.nn.functional as F
from torch import nn
from transformers import LlamaConfig
from transformers.models.llama.modeling_llama import LlamaMLP, LlamaRMSNorm, LlamaRotaryEmbedding, apply_rotary_pos_emb


class BaichuanConfig(LlamaConfig):
    model_type = "baichuan"


def slopes(heads):  # _get_interleave of the 13B
    power = 2 ** math.floor(math.log2(heads))
    own = lambda n: [2 ** (-8 * (i + 1) / n) for i in range(n)]
    return own(power) + own(2 * power)[0::2][: heads - power]


class Attention(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.heads, self.alibi = config.num_attention_heads, config.alibi
        self.W_pack = nn.Linear(config.hidden_size, 3 * config.hidden_size, bias=False)
        self.o_proj = nn.Linear(config.hidden_size, config.hidden_size, bias=False)

    def forward(self, x, mask, angles):
        b, t, c = x.shape
        q, k, v = self.W_pack(x).unflatten(-1, (3, c)).unbind(-2)
        q, k, v = (y.view(b, t, self.heads, c // self.heads).transpose(1, 2) for y in (q, k, v))
        if not self.alibi:
            q, k = apply_rotary_pos_emb(q, k, *angles)
        scores = q @ k.transpose(2, 3) / math.sqrt(c // self.heads)
        if self.alibi:
            scores = scores + torch.tensor(slopes(self.heads)).view(-1, 1, 1) * torch.arange(t)
        weights = scores.masked_fill(~mask, torch.finfo(x.dtype).min).softmax(-1)
        return self.o_proj((weights @ v).transpose(1, 2).reshape(b, t, c))


class Layer(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.self_attn, self.mlp = Attention(config), LlamaMLP(config)
        self.input_layernorm = LlamaRMSNorm(config.hidden_size, config.rms_norm_eps)
        self.post_attention_layernorm = LlamaRMSNorm(config.hidden_size, config.rms_norm_eps)

    def forward(self, x, mask, angles):
        x = x + self.self_attn(self.input_layernorm(x), mask, angles)
        return x + self.mlp(self.post_attention_layernorm(x))


class Baichuan(nn.Module):
    """`alibi` and `normed_head` are what 13B and version 2 change."""

    def __init__(self, config):
        super().__init__()
        self.config = config
        self.model = nn.Module()
        self.model.embed_tokens = nn.Embedding(config.vocab_size, config.hidden_size)
        self.model.layers = nn.ModuleList(Layer(config) for _ in range(config.num_hidden_layers))
        self.model.norm = LlamaRMSNorm(config.hidden_size, config.rms_norm_eps)
        self.lm_head = nn.Linear(config.hidden_size, config.vocab_size, bias=False)
        self.rotary = LlamaRotaryEmbedding(config)

    def forward(self, input_ids, attention_mask, labels=None):
        x = self.model.embed_tokens(input_ids)
        t = input_ids.shape[1]
        mask = torch.ones(t, t, dtype=torch.bool).tril() & attention_mask.bool()[:, None, None]
        angles = self.rotary(x, torch.arange(t)[None])
        for layer in self.model.layers:
            x = layer(x, mask, angles)
        head = F.normalize(self.lm_head.weight) if self.config.normed_head else self.lm_head.weight
        logits = self.model.norm(x) @ head.T
        loss = None if labels is None else F.cross_entropy(logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten())
        return SimpleNamespace(logits=logits, loss=loss)

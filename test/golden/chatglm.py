"""The references for ChatGLM, which Transformers has not: small PyTorch after the modeling_chatglm.py of the models' own
folders (ChatGLM-6B of 130,528 tokens; ChatGLM2-6B, whose text ChatGLM3 has too), without cache and in f32. Makes
test/golden/chatglm with the first of them, in the way of models.py, which makes models/chatglm2 with the second:

    python test/golden/chatglm.py
"""

import json
import math
import shutil
from pathlib import Path
from types import SimpleNamespace

import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import nn
from transformers import PretrainedConfig


class ChatGLMConfig(PretrainedConfig):
    model_type = "chatglm"


class LaterChatGLMConfig(PretrainedConfig):
    model_type = "chatglm"


def finished(logits, labels):
    loss = None if labels is None else F.cross_entropy(logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten())
    return SimpleNamespace(logits=logits, loss=loss)


def attend(q, k, v, mask):  # [b, heads, t, d]
    scores = (q @ k.transpose(2, 3) / math.sqrt(q.shape[-1])).masked_fill(~mask, -10000.0)
    return (scores.softmax(-1) @ v).transpose(1, 2).flatten(2)


def rotate_half(x):
    first, second = x.chunk(2, -1)
    return torch.cat((-second, first), -1)


def turn(x, positions):  # RotaryEmbedding and apply_rotary_pos_emb_index; x [b, heads, t, d]
    dim = x.shape[-1]
    frequencies = (1.0 / (10000 ** (torch.arange(0, dim, 2).float() / dim))).half().float()
    angle = positions[:, None, :, None] * torch.cat((frequencies, frequencies))
    return x * angle.cos() + rotate_half(x) * angle.sin()


class Layer(nn.Module):  # GLMBlock
    def __init__(self, config):
        super().__init__()
        c, inner, eps = config.hidden_size, config.inner_hidden_size, config.layernorm_epsilon
        self.heads, self.alpha = config.num_attention_heads, (2 * config.num_layers) ** 0.5
        self.input_layernorm, self.post_attention_layernorm = nn.LayerNorm(c, eps), nn.LayerNorm(c, eps)
        self.attention, self.mlp = nn.Module(), nn.Module()
        self.attention.query_key_value, self.attention.dense = nn.Linear(c, 3 * c), nn.Linear(c, c)
        self.mlp.dense_h_to_4h, self.mlp.dense_4h_to_h = nn.Linear(c, inner), nn.Linear(inner, c)

    def forward(self, x, mask, positions, blocks):
        x = self.input_layernorm(x)
        q, k, v = self.attention.query_key_value(x).unflatten(-1, (self.heads, -1)).transpose(1, 2).chunk(3, -1)
        q, k = (torch.cat((turn(first, positions), turn(second, blocks)), -1) for first, second in (q.chunk(2, -1), k.chunk(2, -1)))
        x = self.post_attention_layernorm(x * self.alpha + self.attention.dense(attend(q, k, v, mask)))
        return x * self.alpha + self.mlp.dense_4h_to_h(F.gelu(self.mlp.dense_h_to_4h(x), approximate="tanh"))


class ChatGLM(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.transformer = nn.Module()
        self.transformer.word_embeddings = nn.Embedding(config.vocab_size, config.hidden_size)
        self.transformer.layers = nn.ModuleList(Layer(config) for _ in range(config.num_layers))
        self.transformer.final_layernorm = nn.LayerNorm(config.hidden_size, config.layernorm_epsilon)
        self.lm_head = nn.Linear(config.hidden_size, config.vocab_size, bias=False)
        self.lm_head.weight = self.transformer.word_embeddings.weight  # PretrainedConfig.tie_word_embeddings, which its config leaves as it is

    def forward(self, input_ids, attention_mask, labels=None):
        t = input_ids.shape[1]
        mask = torch.ones(len(input_ids), 1, t, t, dtype=torch.bool).tril()  # get_masks
        positions = torch.arange(t).repeat(len(input_ids), 1)  # get_position_ids
        blocks = torch.zeros_like(positions)
        for i, row in enumerate(input_ids.tolist()):
            context = row.index(self.config.bos_token_id)
            mask[i, :, :, :context] = True
            positions[i, context:] = row.index(self.config.gmask_token_id)
            blocks[i, context:] = torch.arange(t - context) + 1
        mask = mask & attention_mask.bool()[:, None, None]
        x = self.transformer.word_embeddings(input_ids)
        for layer in self.transformer.layers:
            x = layer(x, mask, positions, blocks)
        return finished(self.lm_head(self.transformer.final_layernorm(x)), labels)


class RMSNorm(nn.Module):
    def __init__(self, size, eps):
        super().__init__()
        self.weight, self.eps = nn.Parameter(torch.ones(size)), eps

    def forward(self, x):
        return self.weight * (x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.eps))


def turn_pairs(x, positions, base):  # RotaryEmbedding and apply_rotary_pos_emb of version 2: the first half of a head
    turned, rest = x.chunk(2, -1)
    dim = turned.shape[-1]
    angle = positions[:, None] / (base ** (torch.arange(0, dim, 2).float() / dim))
    even, odd = turned.unflatten(-1, (-1, 2)).unbind(-1)
    return torch.cat((torch.stack((even * angle.cos() - odd * angle.sin(), odd * angle.cos() + even * angle.sin()), -1).flatten(-2), rest), -1)


class LaterLayer(nn.Module):
    def __init__(self, config):
        super().__init__()
        c, inner, eps, d = config.hidden_size, config.ffn_hidden_size, config.layernorm_epsilon, config.kv_channels
        self.heads, self.groups, self.size, self.base = config.num_attention_heads, config.multi_query_group_num, d, 10000 * config.rope_ratio
        self.input_layernorm, self.post_attention_layernorm = RMSNorm(c, eps), RMSNorm(c, eps)
        self.self_attention, self.mlp = nn.Module(), nn.Module()
        self.self_attention.query_key_value = nn.Linear(c, (self.heads + 2 * self.groups) * d, bias=config.add_qkv_bias)
        self.self_attention.dense = nn.Linear(self.heads * d, c, bias=False)
        self.mlp.dense_h_to_4h, self.mlp.dense_4h_to_h = nn.Linear(c, 2 * inner, bias=False), nn.Linear(inner, c, bias=False)

    def forward(self, x, mask, positions):
        packed = self.self_attention.query_key_value(self.input_layernorm(x)).unflatten(-1, (-1, self.size)).transpose(1, 2)
        q, k, v = packed.split((self.heads, self.groups, self.groups), 1)
        q, k = turn_pairs(q, positions, self.base), turn_pairs(k, positions, self.base)
        k, v = (y.repeat_interleave(self.heads // self.groups, 1) for y in (k, v))
        x = x + self.self_attention.dense(attend(q, k, v, mask))
        gate, up = self.mlp.dense_h_to_4h(self.post_attention_layernorm(x)).chunk(2, -1)
        return x + self.mlp.dense_4h_to_h(F.silu(gate) * up)


class LaterChatGLM(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.transformer = nn.Module()
        self.transformer.embedding, self.transformer.encoder = nn.Module(), nn.Module()
        self.transformer.embedding.word_embeddings = nn.Embedding(config.padded_vocab_size, config.hidden_size)
        self.transformer.encoder.layers = nn.ModuleList(LaterLayer(config) for _ in range(config.num_layers))
        self.transformer.encoder.final_layernorm = RMSNorm(config.hidden_size, config.layernorm_epsilon)
        self.transformer.output_layer = nn.Linear(config.hidden_size, config.padded_vocab_size, bias=False)

    def forward(self, input_ids, attention_mask, labels=None):
        t = input_ids.shape[1]
        mask = torch.ones(t, t, dtype=torch.bool).tril() & attention_mask.bool()[:, None, None]
        x = self.transformer.embedding.word_embeddings(input_ids)
        for layer in self.transformer.encoder.layers:
            x = layer(x, mask, torch.arange(t))
        return finished(self.transformer.output_layer(self.transformer.encoder.final_layernorm(x)), labels)


def main():
    from models import LORA, VOCAB, lora_losses  # which imports this file for version 2

    folder = Path(__file__).parent / "chatglm"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    kept = dict(
        model_type="chatglm", vocab_size=VOCAB, hidden_size=16, inner_hidden_size=20, num_layers=3, num_attention_heads=2, layernorm_epsilon=1e-5, max_sequence_length=64,
        position_encoding_2d=True, bos_token_id=28, eos_token_id=29, gmask_token_id=27, mask_token_id=26, pad_token_id=3,
    )
    torch.manual_seed(4)
    model = ChatGLM(ChatGLMConfig(**kept)).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(0, 0.2 if parameter.ndim == 1 else 0.5)
            if parameter.ndim == 1:
                parameter += 1
        for layer in model.transformer.layers:  # else every token is followed by the same one
            layer.attention.dense.weight *= 30
            layer.mlp.dense_4h_to_h.weight *= 6
    save_file({n: p.detach().contiguous() for n, p in model.named_parameters()}, folder / "model.safetensors", {"format": "pt"})
    (folder / "config.json").write_text(json.dumps(kept, indent=2) + "\n")
    ids = torch.randint(4, 26, (2, 11))
    mask = torch.tensor([[1] * 11, [1] * 8 + [0] * 3])
    for row, context in ((0, 6), (1, 4)):  # … [gMASK] <sop> answer <eop>
        ids[row, context - 1 : context + 1] = torch.tensor([27, 28])
        ids[row, int(mask[row].sum()) - 1] = 29
    labels = torch.where(mask.bool(), ids, -100)
    for row, context in ((0, 6), (1, 4)):
        labels[row, : context + 1] = -100
    batch = dict(input_ids=torch.where(mask.bool(), ids, 3), attention_mask=mask, labels=labels)
    result = model(**batch)
    result.loss.backward()
    tensors = {"logits": result.logits[:, :-1][labels[:, 1:] != -100]} | {f"grad.{n}": p.grad for n, p in model.named_parameters()}
    save_file({n: t.detach().contiguous() for n, t in tensors.items()}, folder / "golden.safetensors")
    prompt = greedy = ids[:1, :7]
    while greedy.shape[1] < 19:
        greedy = torch.cat([greedy, model(greedy, torch.ones_like(greedy)).logits[:, -1:].argmax(-1)], 1)
    targets = ["query_key_value"]
    golden = dict(
        {key: value.tolist() for key, value in batch.items()}, loss=result.loss.item(), prompt=prompt[0].tolist(), greedy=greedy[0, 7:].tolist(),
        lora=dict(LORA, target_modules=targets, losses=lora_losses(model, targets, batch)),
    )
    (folder / "golden.json").write_text(json.dumps(golden) + "\n")
    print(golden["loss"], golden["greedy"], golden["lora"]["losses"])


if __name__ == "__main__":
    main()

"""Makes test/golden/models: tiny random models with what Transformers computes from them.

    pip install torch transformers safetensors
    python test/golden/models.py

Made with PyTorch 2.15.0 (CPU), Transformers 5.23.0. In each folder: the model as `save_pretrained` writes it,
golden.json (token ids, attention mask, labels, loss, greedy continuation), golden.safetensors (logits at the
real tokens, and the gradient of every parameter).
"""

import json
import shutil
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM, MistralConfig, MistralForCausalLM

torch.set_num_threads(1)
out = Path(__file__).parent / "models"

VOCAB, LENGTH, REAL = 31, 11, (11, 7)
llama = dict(
    vocab_size=VOCAB, hidden_size=16, intermediate_size=12, num_hidden_layers=2, num_attention_heads=4,
    num_key_value_heads=2, max_position_embeddings=64, bos_token_id=1, eos_token_id=None, initializer_range=0.2,
)
gpt2 = dict(vocab_size=VOCAB, n_positions=20, n_embd=12, n_layer=2, n_head=2, bos_token_id=1, eos_token_id=None,
            initializer_range=0.2, attn_pdrop=0, embd_pdrop=0, resid_pdrop=0)
llama3 = dict(rope_type="llama3", rope_theta=100.0, factor=4.0, low_freq_factor=1.0, high_freq_factor=4.0,
              original_max_position_embeddings=16)

models = {
    "gpt2": (GPT2LMHeadModel, GPT2Config(**gpt2), {}),
    "gpt2-options-f16": (
        GPT2LMHeadModel,
        GPT2Config(**gpt2, n_inner=20, activation_function="relu", scale_attn_by_inverse_layer_idx=True, tie_word_embeddings=False),
        dict(dtype=torch.float16),
    ),
    "llama-gqa": (LlamaForCausalLM, LlamaConfig(**llama), {}),
    "llama-tied-bf16-shards": (LlamaForCausalLM, LlamaConfig(**llama, tie_word_embeddings=True), dict(dtype=torch.bfloat16, max_shard_size="4KB")),
    "llama-bias-llama3": (
        LlamaForCausalLM,
        LlamaConfig(**llama, attention_bias=True, mlp_bias=True, head_dim=6, rope_parameters=llama3),
        {},
    ),
    "llama-linear": (LlamaForCausalLM, LlamaConfig(**llama, rope_parameters=dict(rope_type="linear", rope_theta=500.0, factor=2.5)), {}),
    "mistral-window": (MistralForCausalLM, MistralConfig(**llama, sliding_window=4), {}),
}


def make(name, build, config, dtype=torch.float32, **saving):
    folder = out / name
    shutil.rmtree(folder, ignore_errors=True)
    torch.manual_seed(sum(map(ord, name)))
    config._attn_implementation = "eager"
    model = build(config).eval()
    with torch.no_grad():  # biases and norms that matter
        for parameter in model.parameters():
            if parameter.ndim == 1:
                parameter += 0.2 * torch.randn_like(parameter)
    model.to(dtype).save_pretrained(folder, **saving)
    (folder / "generation_config.json").unlink(missing_ok=True)
    model = build.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()

    ids = torch.randint(3, VOCAB, (len(REAL), LENGTH))
    mask = torch.tensor([[1] * n + [0] * (LENGTH - n) for n in REAL])
    labels = torch.where(mask.bool() & (torch.rand(ids.shape) < 0.7), ids, -100)
    result = model(input_ids=ids, attention_mask=mask, labels=labels, use_cache=False)
    result.loss.backward()
    real = mask.bool().reshape(-1)
    tensors = {"logits": result.logits.reshape(-1, VOCAB)[real]}
    tensors |= {f"grad.{n}": p.grad for n, p in model.named_parameters()}
    save_file({n: t.detach().contiguous() for n, t in tensors.items()}, folder / "golden.safetensors")
    greedy = model.generate(ids[:1, :5], attention_mask=mask[:1, :5], do_sample=False, max_new_tokens=12, pad_token_id=0)
    golden = dict(input_ids=ids.tolist(), attention_mask=mask.tolist(), labels=labels.tolist(), loss=result.loss.item(), greedy=greedy[0].tolist())
    (folder / "golden.json").write_text(json.dumps(golden) + "\n")
    print(name, result.loss.item(), greedy[0].tolist())


for name, (build, config, options) in models.items():
    make(name, build, config, **options)

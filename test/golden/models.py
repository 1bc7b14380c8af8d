"""Makes test/golden/models: tiny random models with what Transformers computes from them.

    pip install torch transformers peft safetensors
    python test/golden/models.py [name …]

Made with PyTorch 2.15.0 (CPU), Transformers 5.23.0, PEFT 0.21.2. In each folder: the model as `save_pretrained`
writes it, golden.json (token ids, attention mask, labels, loss, greedy continuation, PEFT's default target modules
and the losses of ten LoRA updates on that batch), golden.safetensors (logits at the real tokens, and the gradient of
every parameter). The adapter starts from A = 0.2·sin(1 + k), B = 0.1·cos(1 + k) at the k-th element.
"""

import json
import shutil
import sys
from pathlib import Path

import torch
from baichuan import Baichuan, BaichuanConfig
from chatglm import LaterChatGLM, LaterChatGLMConfig
from peft import LoraConfig, get_peft_model
from peft.utils.constants import TRANSFORMERS_MODELS_TO_LORA_TARGET_MODULES_MAPPING as PEFT_TARGETS
from safetensors.torch import save_file
from transformers import (
    BloomConfig, BloomForCausalLM, Gemma2Config, Gemma2ForCausalLM, GPT2Config, GPT2LMHeadModel, GPTNeoXConfig, GPTNeoXForCausalLM, LlamaConfig, LlamaForCausalLM,
    MistralConfig, MistralForCausalLM, Phi3Config, Phi3ForCausalLM, PhiConfig, PhiForCausalLM, Qwen2Config, Qwen2ForCausalLM, Qwen3Config, Qwen3ForCausalLM,
)

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
yarn = dict(rope_type="yarn", rope_theta=100.0, factor=4.0, original_max_position_embeddings=16)
plain = dict(vocab_size=VOCAB, hidden_size=16, intermediate_size=20, num_hidden_layers=2, num_attention_heads=2, max_position_embeddings=64,
             bos_token_id=1, eos_token_id=None, initializer_range=0.2)

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
    "llama-yarn": (LlamaForCausalLM, LlamaConfig(**llama, rope_parameters=yarn), {}),
    "qwen2": (Qwen2ForCausalLM, Qwen2Config(**llama, tie_word_embeddings=True, use_sliding_window=True, sliding_window=4, max_window_layers=1), {}),
    "qwen3": (Qwen3ForCausalLM, Qwen3Config(**llama, head_dim=6), {}),
    "gpt-neox": (GPTNeoXForCausalLM, GPTNeoXConfig(**plain, rope_parameters=dict(rope_type="default", rope_theta=100.0, partial_rotary_factor=0.5)), {}),
    "gpt-neox-serial": (GPTNeoXForCausalLM, GPTNeoXConfig(**plain, use_parallel_residual=False), {}),
    "phi": (PhiForCausalLM, PhiConfig(**plain), {}),
    "phi3": (Phi3ForCausalLM, Phi3Config(**llama, sliding_window=5, pad_token_id=0), {}),
    "bloom": (BloomForCausalLM, BloomConfig(vocab_size=VOCAB, hidden_size=18, n_layer=2, n_head=3, bos_token_id=1, eos_token_id=None, initializer_range=0.2), {}),
    "gemma2": (
        Gemma2ForCausalLM,
        Gemma2Config(**llama, head_dim=6, sliding_window=4, query_pre_attn_scalar=5, attn_logit_softcapping=2.0, final_logit_softcapping=3.0, pad_token_id=0),
        {},
    ),
}

LORA = dict(r=2, lora_alpha=4, lora_dropout=0.0, learning_rate=1e-2, weight_decay=0.01, updates=10)


def lora_losses(model, targets, batch, **extra):
    """Ten updates of an adapter on one batch: the loss before each. Changes the model; `extra` goes to LoraConfig."""
    peft = get_peft_model(model, LoraConfig(r=LORA["r"], lora_alpha=LORA["lora_alpha"], target_modules=targets, fan_in_fan_out=hasattr(model, "transformer"), **extra))
    trained = [(name, p) for name, p in peft.named_parameters() if p.requires_grad]
    with torch.no_grad():
        for name, p in trained:
            if "lora_" not in name:
                continue
            k = torch.arange(1, p.numel() + 1, dtype=torch.float64)
            p.copy_((0.2 * k.sin() if "lora_A" in name else 0.1 * k.cos()).reshape(p.shape))
    optimizer = torch.optim.AdamW([p for _, p in trained], lr=LORA["learning_rate"], weight_decay=LORA["weight_decay"])
    losses = []
    for _ in range(LORA["updates"]):
        loss = peft(**batch).loss
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return losses


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
    as_stored = lambda n: n.replace("lm_head", "embed_out") if model.config.model_type == "gpt_neox" else n
    tensors |= {f"grad.{as_stored(n)}": p.grad for n, p in model.named_parameters()}
    save_file({n: t.detach().contiguous() for n, t in tensors.items()}, folder / "golden.safetensors")
    greedy = model.generate(ids[:1, :5], attention_mask=mask[:1, :5], do_sample=False, max_new_tokens=12, pad_token_id=0)
    targets = PEFT_TARGETS.get(model.config.model_type, extra_targets.get(model.config.model_type))
    golden = dict(
        input_ids=ids.tolist(), attention_mask=mask.tolist(), labels=labels.tolist(), loss=result.loss.item(), greedy=greedy[0].tolist(),
        lora=dict(LORA, target_modules=targets, losses=lora_losses(model, targets, dict(input_ids=ids, attention_mask=mask, labels=labels))),
    )
    (folder / "golden.json").write_text(json.dumps(golden) + "\n")
    print(name, result.loss.item(), greedy[0].tolist())


def make_own(name, build, config, kept, targets):
    """The same from a reference of our own; `kept` is its config.json, with the keys that the original's has."""
    folder = out / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    torch.manual_seed(sum(map(ord, name)))
    model = build(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(0, 0.2)
            if parameter.ndim == 1:
                parameter += 1
    save_file({n: p.detach().contiguous() for n, p in model.named_parameters()}, folder / "model.safetensors", {"format": "pt"})
    (folder / "config.json").write_text(json.dumps(kept, indent=2) + "\n")
    ids = torch.randint(3, VOCAB, (len(REAL), LENGTH))
    mask = torch.tensor([[1] * n + [0] * (LENGTH - n) for n in REAL])
    labels = torch.where(mask.bool() & (torch.rand(ids.shape) < 0.7), ids, -100)
    batch = dict(input_ids=ids, attention_mask=mask, labels=labels)
    result = model(**batch)
    result.loss.backward()
    tensors = {"logits": result.logits.reshape(-1, VOCAB)[mask.bool().reshape(-1)]} | {f"grad.{n}": p.grad for n, p in model.named_parameters()}
    save_file({n: t.detach().contiguous() for n, t in tensors.items()}, folder / "golden.safetensors")
    greedy = ids[:1, :5]
    while greedy.shape[1] < 17:
        greedy = torch.cat([greedy, model(greedy, torch.ones_like(greedy)).logits[:, -1:].argmax(-1)], 1)
    golden = dict(
        input_ids=ids.tolist(), attention_mask=mask.tolist(), labels=labels.tolist(), loss=result.loss.item(), greedy=greedy[0].tolist(),
        lora=dict(LORA, target_modules=targets, losses=lora_losses(model, targets, batch)),
    )
    (folder / "golden.json").write_text(json.dumps(golden) + "\n")
    print(name, golden["loss"], golden["greedy"])


def baichuan_file(config):
    known = ["vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads", "rms_norm_eps", "initializer_range", "bos_token_id"]
    kept = {key: getattr(config, key) for key in known} | dict(model_type="baichuan", eos_token_id=None, hidden_act="silu", tie_word_embeddings=False)
    kept |= dict(model_max_length=64) if config.alibi else dict(max_position_embeddings=64)
    return kept | (dict(z_loss_weight=0) if config.normed_head else {})


baichuan = dict(vocab_size=VOCAB, hidden_size=18, intermediate_size=12, num_hidden_layers=2, num_attention_heads=3, max_position_embeddings=64, bos_token_id=1, initializer_range=0.2)
baichuans = {"baichuan": dict(alibi=False, normed_head=False), "baichuan-alibi-normed": dict(alibi=True, normed_head=True)}
chatglm2 = dict(
    padded_vocab_size=VOCAB, hidden_size=16, ffn_hidden_size=12, num_layers=2, num_attention_heads=4, kv_channels=8, multi_query_group_num=2, seq_length=64, layernorm_epsilon=1e-5,
    add_qkv_bias=True, rope_ratio=1,
)
extra_targets = {"phi3": ["qkv_proj"]}  # where PEFT has no default

if __name__ == "__main__":
    for name, (build, config, options) in models.items():
        if name in sys.argv[1:] or len(sys.argv) == 1:
            make(name, build, config, **options)
    own = {name: (Baichuan, config, baichuan_file(config), ["W_pack"]) for name, config in ((name, BaichuanConfig(**baichuan, **options)) for name, options in baichuans.items())}
    own["chatglm2"] = (LaterChatGLM, LaterChatGLMConfig(**chatglm2), chatglm2 | dict(model_type="chatglm", multi_query_attention=True, eos_token_id=None), ["query_key_value"])
    for name, (build, config, kept, targets) in own.items():
        if name in sys.argv[1:] or len(sys.argv) == 1:
            make_own(name, build, config, kept, targets)

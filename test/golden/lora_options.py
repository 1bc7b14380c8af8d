"""Makes test/golden/lora-options: ten updates by Transformers' Trainer and PEFT with each of LoRA's options, on the tiny models of models.py.

    pip install torch transformers peft safetensors accelerate
    python test/golden/lora_options.py [name …]

Made with PyTorch 2.15.0 (CPU), Transformers 5.23.0, PEFT 0.21.2, in f32. In each folder: golden.json (the model, its rows in the order
they were seen, settings, losses, gradient norms, learning rates), start.safetensors (A's first values; all else begins as PEFT begins it),
final/ (the adapter as PEFT writes it) and logits.safetensors (of the first row, with the final adapter).
"""

import json
import shutil
import sys
from pathlib import Path

import torch
from peft import LoraConfig, TaskType, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM

from trainer import ACCUMULATION, BATCH, UPDATES, train, without_dropout

here = Path(__file__).parent
out = here / "lora-options"
projections = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]

runs = {
    "dora": ("llama-gqa", dict(r=3, lora_alpha=6, use_dora=True, target_modules=projections, exclude_modules=["down_proj"], rank_pattern={"q_proj": 2}, alpha_pattern={"v_proj": 12})),
    "dora-conv1d": ("gpt2", dict(r=2, lora_alpha=4, use_dora=True, use_rslora=True, target_modules=r".*\.(attn\.c_attn|c_fc)", bias="lora_only")),
    "dora-dropout": ("llama-gqa", dict(r=2, lora_alpha=4, use_dora=True, lora_dropout=0.25, target_modules=["q_proj", "down_proj"])),
    "layers": ("qwen2", dict(r=2, lora_alpha=4, use_rslora=True, target_modules=projections, layers_to_transform=[1], rank_pattern={r"^model.layers.1.mlp.*": 4}, alpha_pattern={"k_proj": 9}, bias="all")),
    "saved-embedding": ("qwen2", dict(r=2, lora_alpha=4, modules_to_save=["embed_tokens", "norm"])),
    "saved-head": ("gpt2", dict(r=2, lora_alpha=4, modules_to_save=["lm_head", "wpe"], bias="all")),
    "saved-both": ("llama-gqa", dict(r=2, lora_alpha=4, modules_to_save=["embed_tokens", "lm_head"])),
    "saved-tied": ("qwen2", dict(r=2, lora_alpha=4, modules_to_save=["lm_head"], ensure_weight_tying=True)),
}


class Fixed(torch.nn.Module):
    """Dropout of a quarter, with the same bits for the i-th element of the n-th micro-batch in every module."""

    def __init__(self):
        super().__init__()
        self.calls = 0

    def forward(self, x):
        if not self.training:
            return x
        places = torch.arange(x.numel())
        keep = (5 * places * places + 3 * places + self.calls) % 8 >= 2
        self.calls += 1
        return x * keep.reshape(x.shape) / 0.75


settings = dict(learning_rate=2e-2, lr_scheduler_type="cosine", warmup_steps=2, weight_decay=0.01, max_grad_norm=0.5)

for name in sys.argv[1:] or runs:
    model, lora = runs[name]
    folder = out / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    torch.manual_seed(7)
    base = without_dropout(AutoModelForCausalLM.from_pretrained(here / "models" / model, dtype=torch.float32, attn_implementation="eager"))
    peft = get_peft_model(base, LoraConfig(task_type=TaskType.CAUSAL_LM, fan_in_fan_out=model == "gpt2", **dict(dict(lora_dropout=0.0), **lora)))
    for module in peft.modules():
        if "lora_dropout" in lora and hasattr(module, "lora_dropout"):
            module.lora_dropout["default"] = Fixed()
    peft.peft_config["default"].base_model_name_or_path = model
    peft.save_pretrained(folder / "final")
    save_file({key: value for key, value in load_file(folder / "final" / "adapter_model.safetensors").items() if "lora_A" in key}, folder / "start.safetensors")

    rows = [dict(input_ids=[2 + (7 * i * i + 5 * t * (i % 5 + 1) + 3 * (t % 3)) % 29 for t in range(5 + i % 7)], prompt=1 + i % 3) for i in range(UPDATES * ACCUMULATION * BATCH)]
    train(peft, rows, settings, folder)
    golden = json.loads((folder / "golden.json").read_text())
    (folder / "golden.json").write_text(json.dumps(dict(model=model, **golden)) + "\n")
    peft.save_pretrained(folder / "final")
    (folder / "final" / "README.md").unlink(missing_ok=True)

    peft.eval()
    with torch.no_grad():
        save_file({"logits": peft(torch.tensor([rows[0]["input_ids"]])).logits[0].contiguous()}, folder / "logits.safetensors")

"""PyTorch's side of the training benchmark: a line {rows, length, ids, ...} is one update, its answer {ms, loss, peakBytes}."""

import json
import resource
import sys
import time

import peft
import torch
import transformers

folder, finetuning = sys.argv[1], (sys.argv[2:] or ["lora"])[0]
settings = json.loads((sys.argv[3:] or ["{}"])[0])
torch.set_num_threads(2)
transformers.logging.set_verbosity_error()
model = transformers.AutoModelForCausalLM.from_pretrained(f"{folder}/model", dtype=torch.float32, attn_implementation="sdpa")
if finetuning == "lora":
    model = peft.PeftModel.from_pretrained(model, f"{folder}/adapter", is_trainable=True)
model.train()
if settings.get("checkpointing"):
    model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
trainable = [p for p in model.parameters() if p.requires_grad]
options = dict(lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0)
versions = f"PyTorch {torch.__version__}, Transformers {transformers.__version__}, PEFT {peft.__version__}"
if settings.get("optim") == "adamw_8bit":
    import bitsandbytes

    optimizer = bitsandbytes.optim.AdamW8bit(trainable, **options)
    versions = f"{versions}, bitsandbytes {bitsandbytes.__version__}"
else:
    optimizer = torch.optim.AdamW(trainable, fused=True, **options)
forward = torch.compile(model, dynamic=settings.get("dynamic")) if settings.get("compile") else model

for line in sys.stdin:
    batch = json.loads(line)
    ids = torch.tensor(batch["ids"]).reshape(batch["rows"], batch["length"])
    labels, mask = ids, None
    if "labels" in batch:
        # Transformers shifts inside: the label of a position is that of the one before it
        labels = torch.full((ids.numel() + 1,), -100)
        labels[torch.tensor(batch["label_rows"]) + 1] = torch.tensor(batch["labels"])
        labels = labels[:-1].reshape(ids.shape)
        mask = (torch.tensor(batch["segments"]) > 0).long().reshape(ids.shape)
    start = time.perf_counter()
    loss = forward(input_ids=ids, labels=labels, attention_mask=mask).loss
    loss.backward()
    torch.nn.utils.get_total_norm([p.grad for p in trainable])
    optimizer.step()
    optimizer.zero_grad()
    ms = 1000 * (time.perf_counter() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"ms": ms, "loss": loss.item(), "peakBytes": peak, "description": versions}), flush=True)

"""Makes test/golden/encoders: tiny random BERTs and RoBERTas with what Transformers computes from them.

    pip install torch transformers peft safetensors
    python test/golden/encoders.py

Made with PyTorch 2.15.0 (CPU), Transformers 5.23.0, PEFT 0.21.2; files as in models.py. Logits are those of the
labelled tokens (masked words), or of the rows (classes). Beside a classifier's adapter its head is trained whole
(PEFT's modules_to_save, as TaskType.SEQ_CLS has it).
"""

import json
import shutil
from pathlib import Path

import torch
from models import LENGTH, LORA, PEFT_TARGETS, REAL, VOCAB, lora_losses
from peft import TaskType
from safetensors.torch import save_file
from transformers import BertConfig, BertForMaskedLM, BertForSequenceClassification, RobertaConfig, RobertaForMaskedLM, RobertaForSequenceClassification

out = Path(__file__).parent / "encoders"
sizes = dict(vocab_size=VOCAB, hidden_size=12, intermediate_size=20, num_hidden_layers=2, num_attention_heads=2, max_position_embeddings=24,
             initializer_range=0.2, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
classes = dict(id2label={0: "bad", 1: "so so", 2: "good"}, label2id={"bad": 0, "so so": 1, "good": 2})
models = {
    "bert-words": (BertForMaskedLM, BertConfig(**sizes)),
    "bert-classes": (BertForSequenceClassification, BertConfig(**sizes, **classes)),
    "roberta-words": (RobertaForMaskedLM, RobertaConfig(**sizes, type_vocab_size=1)),
    "roberta-classes": (RobertaForSequenceClassification, RobertaConfig(**sizes, **classes, type_vocab_size=1)),
}

for name, (build, config) in models.items():
    folder = out / name
    shutil.rmtree(folder, ignore_errors=True)
    torch.manual_seed(sum(map(ord, name)))
    model = build(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim == 1:
                parameter += 0.2 * torch.randn_like(parameter)
    model.save_pretrained(folder)
    model = build.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()

    ids = torch.randint(3, VOCAB, (len(REAL), LENGTH))
    mask = torch.tensor([[1] * n + [0] * (LENGTH - n) for n in REAL])
    ids = torch.where(mask.bool(), ids, config.pad_token_id)
    if name.endswith("classes"):
        labels = torch.tensor([2, 0])
    else:
        labels = torch.where(mask.bool() & (torch.rand(ids.shape) < 0.4), torch.randint(3, VOCAB, ids.shape), -100)
    batch = dict(input_ids=ids, attention_mask=mask, labels=labels)
    result = model(**batch)
    result.loss.backward()
    logits = result.logits if name.endswith("classes") else result.logits[labels != -100]
    tensors = {"logits": logits} | {f"grad.{n}": p.grad for n, p in model.named_parameters() if p.grad is not None}
    save_file({n: t.detach().contiguous() for n, t in tensors.items()}, folder / "golden.safetensors")
    targets = PEFT_TARGETS[config.model_type]
    extra = dict(task_type=TaskType.SEQ_CLS) if name.endswith("classes") else {}
    golden = dict(
        input_ids=ids.tolist(), attention_mask=mask.tolist(), labels=labels.tolist(), loss=result.loss.item(),
        lora=dict(LORA, target_modules=targets, losses=lora_losses(model, targets, batch, **extra)),
    )
    (folder / "golden.json").write_text(json.dumps(golden) + "\n")
    print(name, golden["loss"], golden["lora"]["losses"])

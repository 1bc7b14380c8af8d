"""Makes test/golden/bart: tiny random BARTs with what Transformers and PEFT compute from them.

    pip install torch transformers peft safetensors
    python test/golden/bart.py

Made with PyTorch 2.15.0 (CPU), Transformers 5.23.0, PEFT 0.21.2; files as in models.py. Targets are given as labels, from
which Transformers makes the decoder's input by a shift. `greedy` is without the start token and a forced first one.
"""

import json
import shutil
from pathlib import Path

import torch
from models import LORA, PEFT_TARGETS, VOCAB, lora_losses
from peft import TaskType
from safetensors.torch import save_file
from transformers import BartConfig, BartForConditionalGeneration

out = Path(__file__).parent / "bart"
sizes = dict(vocab_size=VOCAB, d_model=12, encoder_layers=2, decoder_layers=2, encoder_attention_heads=2, decoder_attention_heads=2, encoder_ffn_dim=20, decoder_ffn_dim=20,
             max_position_embeddings=24, init_std=0.2, dropout=0.0, eos_token_id=2, forced_eos_token_id=None)
configs = {
    "plain": BartConfig(**sizes),
    "options": BartConfig(**sizes | dict(decoder_layers=1, encoder_attention_heads=3, activation_function="relu", scale_embedding=True)),
}

for name, config in configs.items():
    folder = out / name
    shutil.rmtree(folder, ignore_errors=True)
    torch.manual_seed(sum(map(ord, name)))
    model = BartForConditionalGeneration(config).eval()
    with torch.no_grad():
        model.final_logits_bias.normal_(0, 0.2)
        model.model.decoder.embed_positions.weight *= 10  # else every token is followed by the same one
        for parameter in model.parameters():
            if parameter.ndim == 1:
                parameter += 0.2 * torch.randn_like(parameter)
    model.save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)
    forced = dict(forced_bos_token_id=0) if name == "options" else {}  # where the released configs have it
    stored = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(stored | forced, indent=2) + "\n")
    model = BartForConditionalGeneration.from_pretrained(folder, attn_implementation="eager").eval()

    source = torch.randint(3, VOCAB, (2, 9))
    mask = torch.tensor([[1] * 9, [1] * 6 + [0] * 3])
    labels = torch.randint(3, VOCAB, (2, 7))
    labels[1, 5:] = -100
    batch = dict(input_ids=torch.where(mask.bool(), source, config.pad_token_id), attention_mask=mask, labels=labels)
    result = model(**batch)
    result.loss.backward()
    tensors = {"logits": result.logits[labels != -100]} | {f"grad.{n}": p.grad for n, p in model.named_parameters()}
    save_file({n: t.detach().contiguous() for n, t in tensors.items()}, folder / "golden.safetensors")
    greedy = model.generate(source[:1], do_sample=False, num_beams=1, max_new_tokens=12 + len(forced), eos_token_id=None, **forced)[0, 1 + len(forced) :]
    targets = PEFT_TARGETS["bart"]
    golden = dict(
        {key: value.tolist() for key, value in batch.items()}, loss=result.loss.item(), prompt=source[0].tolist(), greedy=greedy.tolist(),
        lora=dict(LORA, target_modules=targets, losses=lora_losses(model, targets, batch, task_type=TaskType.SEQ_2_SEQ_LM)),
    )
    (folder / "golden.json").write_text(json.dumps(golden) + "\n")
    print(name, golden["loss"], golden["greedy"], golden["lora"]["losses"], targets)

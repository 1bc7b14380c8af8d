"""Reads the event files of a run with TensorBoard's own reader (pip install tensorboard) and holds its curves against trainer_log.jsonl.

usage: python check_tensorboard.py <run folder with tb/>
"""
import json
import sys
from pathlib import Path

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

run = Path(sys.argv[1])
events = EventAccumulator(str(run / "tb"), size_guidance={"scalars": 0, "tensors": 0})
events.Reload()
lines = [json.loads(line) for line in (run / "trainer_log.jsonl").read_text().splitlines()]
for tag, key in {"train/loss": "loss", "eval/loss": "eval_loss"}.items():
    wanted = [(line["current_steps"], line[key]) for line in lines if line[key] is not None]
    found = [(event.step, event.value) for event in events.Scalars(tag)] if wanted else []
    assert [step for step, _ in found] == [step for step, _ in wanted], (tag, found, wanted)
    assert all(abs(a - b) <= 1e-6 * abs(b) for (_, a), (_, b) in zip(found, wanted)), tag
    print(f"{tag}: {len(found)} points, as in trainer_log.jsonl")
print("tags:", *events.Tags()["scalars"], *events.Tags()["tensors"])

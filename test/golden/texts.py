"""Scores of texts by Google's rouge_score and by sacrebleu: texts.json, for test/metrics.

    pip install rouge_score sacrebleu
    python test/golden/texts.py
"""

import json
import pathlib
import re

from rouge_score import rouge_scorer, tokenizers
from sacrebleu.metrics import BLEU

english = [
    ["The cat was found under the bed.", "The cat was under the bed."],
    ["Omar Haddad won the swimming race in Oslo.", "Maria Silva won the swimming race in Oslo."],
    ["It's 3.5 million, up from 2,000 — a \"record\" (again).", "It is 3.5 million, up from 2000: a record (again)!"],
    ["A state-of-the-art e-mail costs $10-20 & more.", "State-of-the-art e-mails cost $10-20 &amp; more."],
    ["the the the cat", "the cat the the dog the"],
    ["", "something was said"],
    ["something was wanted", ""],
    ["good", "good"],
    ["One line\nand another, of many words that follow", "One line and another of words that follow many"],
]
chinese = [
    ["保持健康的三个提示：均衡饮食、多运动。", "保持健康的提示是：均衡饮食，多运动。"],
    ["今天天气很好，我们去公园吧！", "今天天气不错，我们去公园。"],
    ["GPT-2 有 1.24 亿个参数。", "GPT-2有1.24亿参数。"],
    ["北京", "北京"],
]


class Signs(tokenizers.Tokenizer):
    """Words of a-z and 0-9, and each Chinese sign alone."""

    def tokenize(self, text):
        return re.findall(r"[\u3400-\u4dbf\u4e00-\u9fff]|[a-z0-9]+", text.lower())


def rouge(pairs, tokenizer=None):
    scorer = rouge_scorer.RougeScorer(["rouge1", "rouge2", "rougeL"], tokenizer=tokenizer)
    return [{name: score.fmeasure for name, score in scorer.score(label, predict).items()} for label, predict in pairs]


def bleu(pairs, tokenize):
    return BLEU(tokenize=tokenize).corpus_score([predict for _, predict in pairs], [[label for label, _ in pairs]]).score


def case(name, pairs, tokenize, tokenizer=None):
    return {
        "name": name,
        "pairs": [{"label": label, "predict": predict} for label, predict in pairs],
        "rouge": rouge(pairs, tokenizer),
        "bleu": bleu(pairs, tokenize),
        "bleu_each": [bleu([pair], tokenize) for pair in pairs],
    }


cases = [case("English", english, "13a"), case("Chinese", chinese, "zh", Signs()), case("few right", english[4:6], "13a"), case("short", english[7:8], "13a")]
pathlib.Path(__file__).with_name("texts.json").write_text(json.dumps(cases, ensure_ascii=False, indent=1) + "\n")

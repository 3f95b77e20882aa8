"""The same training step in PyTorch and transformers:
python bench/peers/train.py --batch 64 --seq 32 --steps 5
"""

import argparse, json, resource, statistics, time

import torch
from transformers import AutoModelForSequenceClassification, DistilBertConfig, RobertaConfig, T5Config, T5ForConditionalGeneration

CONFIGS = {
    "distilbert-base": DistilBertConfig(num_labels=2),
    "roberta-base": RobertaConfig(num_labels=2, vocab_size=50_265, max_position_embeddings=514, type_vocab_size=1),
    "bertweet-base": RobertaConfig(num_labels=2, vocab_size=64_001, max_position_embeddings=130, type_vocab_size=1),
    "t5-small": T5Config(vocab_size=32_128, decoder_start_token_id=0),
}

arguments = argparse.ArgumentParser()
arguments.add_argument("--model", default="distilbert-base", choices=CONFIGS)
arguments.add_argument("--batch", type=int, default=64)
arguments.add_argument("--seq", type=int, default=32)
arguments.add_argument("--steps", type=int, default=5)
options = arguments.parse_args()

config = CONFIGS[options.model]
is_translator = config.is_encoder_decoder
model = (T5ForConditionalGeneration(config) if is_translator else AutoModelForSequenceClassification.from_config(config)).train()
decayed = [p for p in model.parameters() if p.dim() > 1]
others = [p for p in model.parameters() if p.dim() < 2]
optimizer = torch.optim.AdamW([{"params": decayed}, {"params": others, "weight_decay": 0.0}], lr=2e-5, weight_decay=0.01)
inputs = {
    "input_ids": torch.randint(0, 30_000, (options.batch, options.seq)),
    "attention_mask": torch.ones(options.batch, options.seq, dtype=torch.long),
    "labels": torch.randint(5, 30_000, (options.batch, options.seq)) if is_translator else torch.randint(0, 2, (options.batch,)),
}
seconds = []
for step in range(options.steps + 2):
    start = time.perf_counter()
    optimizer.zero_grad()
    model(**inputs).loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    if step >= 2:
        seconds.append(time.perf_counter() - start)
print(json.dumps({
    "model": options.model,
    "batch": options.batch,
    "seq": options.seq,
    "secondsPerStep": statistics.median(seconds),
    "peakRssBytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    "torch": torch.__version__,
    "threads": torch.get_num_threads(),
}))

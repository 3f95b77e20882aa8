"""The same generation in transformers: python bench/peers/generate.py --beams 4 --batch 8 --seq 32 --tokens 32"""

import argparse, json, resource, statistics, time

import torch, transformers
from transformers import T5Config, T5ForConditionalGeneration

arguments = argparse.ArgumentParser()
arguments.add_argument("--model", default="t5-small", choices=["t5-small"])
arguments.add_argument("--beams", type=int, default=4)
arguments.add_argument("--batch", type=int, default=8)
arguments.add_argument("--seq", type=int, default=32)
arguments.add_argument("--tokens", type=int, default=32)
arguments.add_argument("--runs", type=int, default=3)
arguments.add_argument("--threads", type=int)
options = arguments.parse_args()
if options.threads:
    torch.set_num_threads(options.threads)

model = T5ForConditionalGeneration(T5Config(decoder_start_token_id=0)).eval()
input_ids = torch.randint(2, 30_000, (options.batch, options.seq))
length = options.tokens + 1
seconds = []
for run in range(options.runs + 1):
    start = time.perf_counter()
    written = model.generate(
        input_ids=input_ids,
        attention_mask=torch.ones_like(input_ids),
        num_beams=options.beams,
        do_sample=False,
        min_length=length,
        max_length=length,
    )
    assert written.shape == (options.batch, length)
    if run > 0:
        seconds.append(time.perf_counter() - start)
seconds_per_run = statistics.median(seconds)
print(json.dumps({
    "model": options.model,
    "beams": options.beams,
    "batch": options.batch,
    "seq": options.seq,
    "tokens": options.tokens,
    "tokensPerSecond": options.batch * options.tokens / seconds_per_run,
    "secondsPerRun": seconds_per_run,
    "peakRssBytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    "transformers": transformers.__version__,
    "torch": torch.__version__,
    "threads": torch.get_num_threads(),
}))

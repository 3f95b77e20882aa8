"""The same training step in PyTorch and torchvision: python bench/peers/vision.py --mode full --batch 32 --steps 10"""

import argparse, json, resource, statistics, time

import torch
from torchvision.models import mobilenet_v3_small

arguments = argparse.ArgumentParser()
arguments.add_argument("--mode", default="full", choices=["full", "frozen_eval"])
arguments.add_argument("--batch", type=int, default=32)
arguments.add_argument("--size", type=int, default=224)
arguments.add_argument("--steps", type=int, default=10)
options = arguments.parse_args()


class Cards(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.model = mobilenet_v3_small()
        self.model.classifier[3] = torch.nn.Identity()
        self.rank_head = torch.nn.Linear(1024, 13)
        self.suit_head = torch.nn.Linear(1024, 4)
        self.register_buffer("mean", torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1))
        self.register_buffer("std", torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1))

    def forward(self, images):
        embedding = self.model((images - self.mean) / self.std)
        return self.rank_head(embedding), self.suit_head(embedding)


network = Cards().train()
if options.mode != "full":
    network.model.features.requires_grad_(False).eval()
trained = [p for p in network.parameters() if p.requires_grad]
optimizer = torch.optim.AdamW(trained, lr=1e-4)
images = torch.rand(options.batch, 3, options.size, options.size)
ranks = torch.randint(0, 13, (options.batch,))
suits = torch.randint(0, 4, (options.batch,))
loss_of = torch.nn.functional.cross_entropy
seconds = []
for step in range(options.steps + 2):
    start = time.perf_counter()
    optimizer.zero_grad()
    rank, suit = network(images)
    (0.5 * loss_of(rank, ranks) + 0.5 * loss_of(suit, suits)).backward()
    optimizer.step()
    if step >= 2:
        seconds.append(time.perf_counter() - start)
print(json.dumps({
    "model": "mobilenetv3-small",
    "mode": options.mode,
    "batch": options.batch,
    "size": options.size,
    "secondsPerStep": statistics.median(seconds),
    "peakRssBytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    "torch": torch.__version__,
    "threads": torch.get_num_threads(),
}))

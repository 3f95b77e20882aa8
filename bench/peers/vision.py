"""The same training step in PyTorch and torchvision; with -heads the features are frozen, in evaluation mode:
python bench/peers/vision.py --model mobilenetv3-small --batch 32 --steps 5
"""

import argparse, json, resource, statistics, time

import torch
from torchvision.models import mobilenet_v3_small

arguments = argparse.ArgumentParser()
arguments.add_argument("--model", default="mobilenetv3-small", choices=["mobilenetv3-small", "mobilenetv3-small-heads"])
arguments.add_argument("--batch", type=int, default=32)
arguments.add_argument("--steps", type=int, default=5)
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
if options.model.endswith("-heads"):
    network.model.features.requires_grad_(False).eval()
optimizer = torch.optim.AdamW([p for p in network.parameters() if p.requires_grad], lr=1e-4)
images = torch.rand(options.batch, 3, 224, 224)
ranks = torch.randint(0, 13, (options.batch,))
suits = torch.randint(0, 4, (options.batch,))
cross_entropy = torch.nn.functional.cross_entropy
seconds = []
for step in range(options.steps + 2):
    start = time.perf_counter()
    optimizer.zero_grad()
    rank, suit = network(images)
    (0.5 * cross_entropy(rank, ranks) + 0.5 * cross_entropy(suit, suits)).backward()
    optimizer.step()
    if step >= 2:
        seconds.append(time.perf_counter() - start)
print(json.dumps({
    "model": options.model,
    "batch": options.batch,
    "secondsPerStep": statistics.median(seconds),
    "peakRssBytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    "torch": torch.__version__,
    "threads": torch.get_num_threads(),
}))

"""The same service in FastAPI and PyTorch, as they are usually put together; weights are random, as those beside it:
python bench/peers/serve.py --service movie-reviews --port 8100 --vocabulary vocab.txt
python bench/peers/serve.py --service playing-cards --port 8100
"""

import argparse, io

import torch
import uvicorn
from fastapi import FastAPI, File, HTTPException, UploadFile
from pydantic import BaseModel

arguments = argparse.ArgumentParser()
arguments.add_argument("--service", choices=["movie-reviews", "playing-cards"], required=True)
arguments.add_argument("--port", type=int, default=8100)
arguments.add_argument("--vocabulary")
arguments.add_argument("--style", choices=["threads", "async"], default="threads")
options = arguments.parse_args()

app = FastAPI()


def post(path, answer, ask):
    """Both ways in which such services are written: `def` runs in FastAPI's pool of 40 threads, `async def` on its loop."""
    if options.style == "threads":
        app.post(path)(answer)
    else:
        app.post(path)(ask)


@app.get("/health")
def health():
    return {"status": "ready"}


def reviews():
    from transformers import BertTokenizerFast, DistilBertConfig, DistilBertForSequenceClassification

    tokenizer = BertTokenizerFast(options.vocabulary, do_lower_case=True)
    model = DistilBertForSequenceClassification(DistilBertConfig()).eval()

    class Review(BaseModel):
        statement: str

    def inference(review: Review):
        inputs = tokenizer(review.statement, truncation=True, max_length=128, return_tensors="pt")
        with torch.inference_mode():
            logits = model(input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"]).logits
        return {"sentiment": int(logits.argmax(-1))}

    async def inference_on_the_loop(review: Review):
        return inference(review)

    post("/inference", inference, inference_on_the_loop)


def cards():
    from PIL import Image
    from torchvision.models import mobilenet_v3_small
    from torchvision.transforms import v2

    class Cards(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.model = mobilenet_v3_small()
            self.model.classifier[3] = torch.nn.Identity()
            self.rank_head = torch.nn.Linear(1024, 13)
            self.suit_head = torch.nn.Linear(1024, 4)

        def forward(self, images):
            embedding = self.model(images)
            return self.rank_head(embedding).softmax(-1), self.suit_head(embedding).softmax(-1)

    model = Cards().eval()
    prepare = v2.Compose([
        v2.Resize((224, 224)),
        v2.ToImage(),
        v2.ToDtype(torch.float32, scale=True),
        v2.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
    ])

    def answer(name, content):
        try:
            picture = Image.open(io.BytesIO(content)).convert("RGB")
        except Exception as error:
            raise HTTPException(415, "this is no image") from error
        with torch.inference_mode():
            ranks, suits = model(prepare(picture).unsqueeze(0))
        return {
            "filename": name,
            "rank": int(ranks.argmax()),
            "suit": int(suits.argmax()),
            "rank_probabilities": ranks[0].tolist(),
            "suit_probabilities": suits[0].tolist(),
        }

    def classify(image: UploadFile = File(...)):
        return answer(image.filename, image.file.read())

    async def classify_on_the_loop(image: UploadFile = File(...)):
        return answer(image.filename, await image.read())

    post("/classify", classify, classify_on_the_loop)


{"movie-reviews": reviews, "playing-cards": cards}[options.service]()
uvicorn.run(app, host="127.0.0.1", port=options.port, log_level="warning")

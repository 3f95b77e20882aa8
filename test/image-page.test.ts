/** The page that takes a picture, in a real browser over a real server: on some of the sample of playing cards. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { describePages } from "./chromium.ts";

const cards = fileURLToPath(new URL("../projects/playing-cards/data/", import.meta.url));
const queen = join(cards, "test/queen of hearts/1.jpg");

/** Few enough to be looked at in seconds, many enough to train on. */
const someImages = ["data.limit=26", "training.epochs=2", "training.workers=0"];

/** What is dragged, made in the browser. */
const drawnPicture = `(async () => {
  const canvas = document.createElement("canvas");
  const blob = await new Promise((resolve) => canvas.toBlob(resolve));
  const transfer = new DataTransfer();
  transfer.items.add(new File([blob], "drawn.png", { type: "image/png" }));
  return transfer;
})()`;

const training = async () => ["playing-cards", ...someImages];

describePages("the page of playing cards", training, (pages) => {
  const open = () => pages.open("#/projects/playing-cards");

  test("a picture is shown beside its rank and its suit, with the share of each", async () => {
    const page = await open();
    await page.getByLabel("A photo of one card").setInputFiles(queen);
    await page.getByText("The model says").waitFor();
    expect(await page.getByRole("img", { name: "1.jpg" }).isVisible()).toBe(true);
    expect(await page.getByRole("region", { name: "rank" }).getByRole("term").count()).toBe(13);
    expect(await page.getByRole("region", { name: "suit" }).getByRole("term").count()).toBe(4);
    const shares = await page.getByText(/^\d+(\.\d+)? %$/).allTextContents();
    const sum = shares.reduce((sum, text) => sum + Number.parseFloat(text), 0);
    expect(sum).toBeGreaterThan(195);
    expect(sum).toBeLessThan(205);
  });

  test("a picture is asked about when it is dropped", async () => {
    const page = await open();
    const dataTransfer = await page.evaluateHandle(drawnPicture);
    await page.getByText("Choose a picture").dispatchEvent("drop", { dataTransfer });
    await page.getByText("The model says").waitFor();
    await page.getByText(/drawn\.png/).waitFor();
  });

  test("what is no picture is answered with what one is", async () => {
    const page = await open();
    await page
      .getByLabel("A photo of one card")
      .setInputFiles({ name: "notes.txt", mimeType: "text/plain", buffer: Buffer.from("queen of hearts") });
    await page.getByText(/notes\.txt: expected an image as JPEG, PNG, WebP/).waitFor();
    // The browser writes every refusal down.
    expect(pages.takeTroubles()).toEqual([expect.stringContaining("415")]);
  });

  test("the run has a confusion matrix for each question", async () => {
    const page = await pages.open(`#/runs/${pages.runId}`);
    await page.getByRole("heading", { name: "Confusion matrix of rank" }).waitFor();
    await page.getByRole("heading", { name: "Confusion matrix of suit" }).waitFor();
    await page.getByRole("columnheader", { name: "predicted_suit" }).waitFor();
  });
});

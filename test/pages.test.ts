/** The pages in a real browser, over a real server and a model of forty rows. */
import { expect, test } from "vitest";
import { tinyReviews } from "../src/tasks/testing/tiny-reviews.ts";
import { describePages } from "./chromium.ts";

const training = async (folder: string) => ["movie-reviews", ...(await tinyReviews(folder))];

describePages("the pages", training, (pages) => {
  test("a sentence gets an answer with the share of each label", async () => {
    const page = await pages.open("#/");
    await page.getByRole("textbox").fill("A warm and funny film with a heart.");
    await page.keyboard.press("Enter");
    await page.getByText(/The model says/).waitFor();
    const shares = await page.getByText(/^\d+(\.\d+)? %$/).allTextContents();
    expect(shares).toHaveLength(2);
    expect(shares.reduce((sum, text) => sum + Number.parseFloat(text), 0)).toBeCloseTo(100, 0);
  });

  test("what is typed stays text", async () => {
    const page = await pages.open("#/");
    await page.getByRole("textbox").fill("<img src=x onerror=document.title='hacked'><b>bold</b>");
    await page.keyboard.press("Enter");
    await page.getByText(/The model says/).waitFor();
    expect(await page.title()).not.toContain("hacked");
    expect(await page.locator("img[src=x]").count()).toBe(0);
  });

  test("a run shows its curves, its configuration and what it got wrong", async () => {
    const page = await pages.open("#/runs");
    await page.getByRole("link", { name: /^run-/ }).click();
    await page.waitForURL(new RegExp(pages.runId));
    await page.locator("canvas").first().waitFor();
    await page.getByText("optimizer.learning_rate").first().waitFor();
    await page
      .getByText(/misclassified/i)
      .first()
      .waitFor();
  });

  test("the links that MLflow's client prints lead to the run, the runs of its experiment and the model", async () => {
    const created = await track<{ experiment_id: string }>("experiments/create", { name: "another" });
    const { run } = await track<{ run: { info: { run_id: string; run_name: string } } }>("runs/create", {
      ...{ experiment_id: created.experiment_id, run_name: "of-another", start_time: Date.now() },
    });
    const page = await pages.open(`#/experiments/${created.experiment_id}/runs/${run.info.run_id}`);
    await page.getByRole("heading", { name: "of-another", level: 1 }).waitFor();
    await pages.open(`#/experiments/${created.experiment_id}`);
    await page.getByRole("heading", { name: "Runs of another", level: 1 }).waitFor();
    expect(await page.getByRole("link", { name: "of-another" }).count()).toBe(1);
    expect(await page.getByRole("link", { name: /^run-/ }).count()).toBe(0);
    await page.getByRole("link", { name: "Runs of all projects" }).click();
    await page.getByRole("link", { name: /^run-/ }).waitFor();
    await pages.open("#/models/movie-reviews/versions/1");
    await page.getByText("version 1").waitFor();
    await pages.open("#/experiments/12345");
    await page.getByText("There is no experiment with the id 12345").waitFor();
    await track("runs/delete", { run_id: run.info.run_id });
  });

  test("the registered version has the alias that is served", async () => {
    const page = await pages.open("#/models/movie-reviews");
    await page.getByText("version 1").waitFor();
    await page.getByText("inference", { exact: true }).waitFor();
  });

  test("the API page asks the service below its prefix", async () => {
    const page = await pages.open("projects/movie-reviews/docs");
    await page.getByRole("button", { name: /speaks well of the film/ }).click();
    await page.getByRole("button", { name: "Execute" }).click();
    await page.getByText('"sentiment"').last().waitFor();
  });

  test("a page is called like what it shows", async () => {
    const titles = async (path: string) => {
      const page = await pages.open(path);
      await page.getByRole("heading", { level: 1 }).waitFor();
      return page.title();
    };
    expect(await titles("#/")).toBe("Movie reviews · Havn");
    expect(await titles("#/runs")).toBe("Runs · Havn");
    expect(await titles(`#/runs/${pages.runId}`)).toMatch(/^run-\S+ · Havn$/);
    expect(await titles("#/models/movie-reviews")).toBe("movie-reviews · Havn");
    await pages.page.goBack();
    await expect.poll(() => pages.page.title()).toMatch(/^run-\S+ · Havn$/);
  });

  test("what does not answer can be asked again", async () => {
    const page = await pages.open("#/");
    await page.getByRole("textbox").fill("A warm and funny film with a heart.");
    await page.context().setOffline(true);
    await page.keyboard.press("Enter");
    await page.getByText(/Havn does not answer/).waitFor();
    await page.context().setOffline(false);
    await page.getByRole("button", { name: "Try again" }).click();
    await page.getByText(/The model says/).waitFor();
    expect(pages.takeTroubles()).toEqual([expect.stringContaining("ERR_INTERNET_DISCONNECTED")]);
  });

  test("what was refused is not offered again", async () => {
    const page = await pages.open("#/runs/abc");
    await page.getByText(/no run with the id "abc"/).waitFor();
    expect(await page.getByRole("button", { name: "Try again" }).count()).toBe(0);
    expect(pages.takeTroubles()).toEqual([expect.stringContaining("404")]);
  });

  test("a sweep that is not there is one message, and one that is there is called like its project", async () => {
    const page = await pages.open("#/sweeps/none");
    await page.getByText('there is no sweep "none"').waitFor();
    expect(await page.getByRole("alert").count()).toBe(1);
    expect(await page.getByRole("heading", { level: 1 }).count()).toBe(1);
    expect(pages.takeTroubles()).toEqual([expect.stringContaining("404")]);
    const { sweep } = await ask<{ sweep: { sweepId: string } }>("havn/sweeps/create", {
      ...{ project: "movie-reviews", name: "default", overrides: [], seed: 1 },
      definition: {
        ...{ method: "random", metric: { name: "validation_accuracy", goal: "maximize" } },
        parameters: { seed: { values: [1, 2] } },
      },
    });
    await pages.open(`#/sweeps/${sweep.sweepId}`);
    await page.getByRole("heading", { name: "Sweep of movie-reviews", level: 1 }).waitFor();
    expect(await page.title()).toBe("Sweep of movie-reviews · Havn");
  });

  test("a run that failed says why, and what it says stays text", async () => {
    const { run } = await track<{ run: { info: { run_id: string } } }>("runs/create", {
      ...{ experiment_id: "0", start_time: Date.now() },
      tags: [{ key: "havn.error", value: "the loss is NaN at step 6.\nTry <b>another</b> rate" }],
    });
    const { run_id } = run.info;
    const page = await pages.open(`#/runs/${run_id}`);
    await page.getByRole("heading", { level: 1 }).waitFor();
    expect(await page.getByText("This run failed").count(), "while it goes on").toBe(0);
    await track("runs/update", { run_id, status: "FAILED", end_time: Date.now() });
    await page.reload();
    await page.getByText("This run failed").waitFor();
    await page.getByText("Try <b>another</b> rate").first().waitFor();
    await track("runs/delete", { run_id });
  });

  test("long names, long values and what is no number keep to their places on a telephone", async () => {
    const long = `<b>${"long".repeat(50)}`;
    const created = { experiment_id: "0", run_name: long, start_time: Date.now() };
    const { run } = await track<{ run: { info: { run_id: string } } }>("runs/create", created);
    const { run_id } = run.info;
    await track("runs/log-parameter", { run_id, key: "prompt", value: "word".repeat(1000) });
    for (const step of [0, 1])
      await track("runs/log-metric", { run_id, key: "ratio", value: "NaN", timestamp: 1, step });
    await track("registered-models/create", { name: long, description: long });
    await track("model-versions/create", { name: long, source: "s3://somewhere", run_id });
    await track("registered-models/alias", { name: long, alias: "a".repeat(100), version: "1" });
    await pages.page.setViewportSize({ width: 380, height: 800 });
    for (const [path, text] of [
      ["#/runs", long],
      [`#/runs/${run_id}`, "Ratio: NaN at step 1"],
      [`#/compare/${run_id},${pages.runId},${run_id}`, "Compare 2 runs"],
      ["#/models", long],
      [`#/models/${encodeURIComponent(long)}`, "version 1"],
    ] as const) {
      const page = await pages.open(path);
      await page.getByText(text).first().waitFor();
      expect(await page.evaluate("document.documentElement.scrollWidth - innerWidth"), path).toBe(0);
    }
  });

  /** Asks the tracking API, as a client of MLflow does. */
  const track = <Answer>(call: string, body: object): Promise<Answer> => ask(`mlflow/${call}`, body);

  async function ask<Answer>(call: string, body: object): Promise<Answer> {
    const response = await fetch(`${pages.url}/api/2.0/${call}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    expect(response.status, call).toBe(200);
    return (await response.json()) as Answer;
  }
});

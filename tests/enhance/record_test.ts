/**
 * The record of how a result was made: in the XMP of every format, beside what was there, once for
 * each step, and without anything personal.
 */

import assert from "node:assert/strict";
import { basename, join } from "node:path";
import { VERSION } from "../../src/cli/version.ts";
import { decodePicture, type Metadata } from "../../src/pictures/mod.ts";
import { withRecord } from "../../src/pictures/metadata/record.ts";
import { embeddedModels } from "../../src/weights/library.ts";
import { testPicture } from "../pictures/fixtures.ts";
import { inFolder, ROOT, runProgram, writePicture } from "../cli/program.ts";

const FORMATS = ["jpg", "png", "webp", "avif", "jxl"];
const EXIFTOOL = "/usr/bin/exiftool";

/** As an editor writes it: an identifier of the file, attributes, lists, comments, room at the end. */
const EDITED = `<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="Editor 1.0"><!-- </rdf:RDF> -->
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about='uuid:0b1e' xmlns:dc="http://purl.org/dc/elements/1.1/"
  xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:CreatorTool="Editor" xmp:Rating="5">
<dc:subject><rdf:Bag><rdf:li>Grüße &amp; Küsse</rdf:li><rdf:li>sea</rdf:li></rdf:Bag></dc:subject>
</rdf:Description>
</rdf:RDF>
</x:xmpmeta>
${" ".repeat(200)}
<?xpacket end="w"?>`;

const encode = (text: string) => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array) => new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);

/** The records of a packet, oldest first. */
function recordsIn(xmp: string): Record<string, string>[] {
  assertWellFormed(xmp);
  const list = /<tessera:History>\s*<rdf:Seq>([^]*)<\/rdf:Seq>\s*<\/tessera:History>/.exec(xmp)
    ?.[1];
  return [...(list ?? "").matchAll(/<rdf:li rdf:parseType="Resource">([^]*?)<\/rdf:li>/g)].map(
    ([, item]) => {
      const fields = item.matchAll(/<tessera:(\w+)>([^<]*)<\/tessera:\1>/g);
      return Object.fromEntries([...fields].map(([, name, text]) => [name, text]));
    },
  );
}

/** Every tag that is opened is closed, in order, and attributes have quotes. */
function assertWellFormed(xml: string): void {
  const open: string[] = [];
  const plain = xml.replace(/<!--[^]*?-->|<\?[^]*?\?>/g, "");
  const rest = plain.replace(/<(\/?)([\w:]+)((?:\s+[\w:]+\s*=\s*("[^"<]*"|'[^'<]*'))*)\s*(\/?)>/g, (
    _tag,
    close,
    name,
    _attributes,
    _value,
    empty,
  ) => {
    if (close !== "") assert.equal(open.pop(), name);
    else if (empty === "") open.push(name);
    return "";
  });
  assert.deepEqual(open, []);
  assert.doesNotMatch(rest, /[<>]|&(?!\w+;|#\d+;)/);
}

Deno.test("withRecord() makes a packet where there was none", () => {
  const text = decode(withRecord(undefined, 'T & "T"', { Model: "a <b>\0", Adapter: "'c'" }));
  assert.deepEqual(recordsIn(text), [{ Model: "a &lt;b&gt; ", Adapter: "&#39;c&#39;" }]);
  assert.match(text, /<xmp:CreatorTool>T &amp; &quot;T&quot;<\/xmp:CreatorTool>/);
  assert.match(text, /^<\?xpacket begin="\ufeff" /);
});

Deno.test("withRecord() puts one piece into a packet and changes nothing else", () => {
  const text = decode(withRecord(encode(EDITED), "T", { Model: "a" }));
  assert.deepEqual(recordsIn(text), [{ Model: "a" }]);
  assert.match(text, /<rdf:Description rdf:about="uuid:0b1e" xmlns:tessera=/);
  let same = 0;
  while (text[same] === EDITED[same]) same++;
  assert.ok(text.endsWith(EDITED.slice(same)));
  assert.ok(text.lastIndexOf("tessera") < text.length - EDITED.length + same);
});

Deno.test("withRecord() adds to the records that are there", () => {
  let xmp: Uint8Array | undefined = encode(EDITED);
  const models = Array.from({ length: 5 }, () => crypto.randomUUID());
  for (const Model of models) xmp = withRecord(xmp, "T", { Model });
  assert.deepEqual(recordsIn(decode(xmp)), models.map((Model) => ({ Model })));
  assert.equal(decode(xmp).match(/xmlns:tessera/g)!.length, 1);
});

Deno.test("withRecord() leaves alone what it does not understand", () => {
  const record = "urn:tessera:record:1.0/";
  const packets = [
    latin(0xff, 0xfe, 0x3c, 0x00),
    encode(""),
    encode("<x:xmpmeta/>"),
    encode("<r:RDF xmlns:r='http://www.w3.org/1999/02/22-rdf-syntax-ns#'></r:RDF>"),
    encode(
      `<rdf:RDF><rdf:Description xmlns:t="${record}"><t:History/></rdf:Description></rdf:RDF>`,
    ),
  ];
  for (const xmp of packets) assert.deepEqual(withRecord(xmp, "T", { Model: "a" }), xmp);
});

function latin(...bytes: number[]): Uint8Array {
  return Uint8Array.from(bytes);
}

/** Upscales a file of the folder and returns the result's bytes and metadata. */
async function upscale(folder: string, input: string, output: string, ...args: string[]) {
  const all = [input, "-o", output, "--overwrite", ...args];
  const { code, stderr } = await runProgram(all, { cwd: folder });
  assert.equal(code, 0, stderr);
  const bytes = await Deno.readFile(join(folder, output));
  const { metadata }: { metadata: Metadata } = await decodePicture(bytes);
  return { bytes, stderr, xmp: metadata.xmp && decode(metadata.xmp) };
}

Deno.test("a result in every format tells how it was made, and what it was made of", async () => {
  await inFolder(async (folder) => {
    const xmp = encode(EDITED);
    await writePicture(join(folder, "0.png"), testPicture(12, 9, 3, 8, { xmp }));
    let input = "0.png";
    for (const [i, format] of FORMATS.entries()) {
      const output = `${i + 1}.${format}`;
      const made = await upscale(folder, input, output, "--model", "bicubic", "--scale", "1.5");
      const records = recordsIn(made.xmp!);
      assert.deepEqual([records.length, records.at(-1)!.Settings], [i + 1, "scale=1.5"]);
      assert.equal(records[0].From, "12x9");
      assert.ok(made.xmp!.includes("<rdf:li>Grüße &amp; Küsse</rdf:li>"));
      assert.ok(!made.xmp!.includes(basename(folder)) && !made.xmp!.includes(ROOT));
      input = output;
    }
    assert.equal((await upscale(folder, input, "none.png", "--strip")).xmp, undefined);
  });
});

Deno.test("a record tells the network, the sizes and the adapter; the bytes are the same again", async () => {
  await inFolder(async (folder) => {
    await writePicture(join(folder, "a.png"));
    const args = ["--model", "fast-x4", "--denoise", "0"];
    const first = await upscale(folder, "a.png", "b.jpg", ...args);
    const { Adapter, ...record } = recordsIn(first.xmp!)[0];
    assert.deepEqual(record, {
      Software: `Tessera ${VERSION}`,
      Model: "fast-x4",
      ModelSHA256: embeddedModels().find(({ name }) => name === "fast-x4")!.sha256,
      From: "12x9",
      To: "48x36",
      Settings: "mode=faithful denoise=0 precision=f32",
    });
    assert.ok(Adapter.length > 0);
    const again = await upscale(folder, "a.png", "again.jpg", ...args);
    assert.deepEqual(again.bytes, first.bytes);
  });
});

Deno.test("a record names options that were given, and a network's file without its folder", async () => {
  await inFolder(async (folder) => {
    await writePicture(join(folder, "a.png"), testPicture(12, 9, 4));
    await Deno.mkdir(join(folder, "secret"));
    const model = join(folder, "secret", "mine.safetensors");
    await Deno.copyFile(join(ROOT, "models", "fast-x2.safetensors"), model);
    const args = ["--model", model, "--scale", "3", "--background", "#102030", "--precision=f16"];
    const { xmp } = await upscale(folder, "a.png", "b.png", ...args);
    const [record] = recordsIn(xmp!);
    assert.equal(record.Model, "mine.safetensors");
    assert.equal(
      record.ModelSHA256,
      embeddedModels().find(({ name }) => name === "fast-x2")!.sha256,
    );
    assert.equal(
      record.Settings,
      "mode=network scale=3 denoise=0 precision=f16 background=16,32,48",
    );
    assert.ok(!xmp!.includes("secret"));
  });
});

Deno.test("a blend is recorded with both of its networks", async () => {
  await inFolder(async (folder) => {
    await writePicture(join(folder, "a.png"));
    const { xmp } = await upscale(folder, "a.png", "b.png", "--denoise", "0.5");
    const { Model, ModelSHA256, Settings } = recordsIn(xmp!)[0];
    const hashes = ["photo-x4", "restore-x4"].map((wanted) => {
      return embeddedModels().find(({ name }) => name === wanted)!.sha256;
    });
    assert.deepEqual([Model, ModelSHA256], ["photo-x4, denoise 0.5", hashes.join(" ")]);
    assert.match(Settings, /^mode=faithful denoise=0\.5 /);
  });
});

Deno.test("a JPEG makes room for the record in the padding of the XMP that it had", async () => {
  await inFolder(async (folder) => {
    const padding = " ".repeat(65_300 - encode(EDITED).length);
    const xmp = encode(EDITED.replace("</x:xmpmeta>", `</x:xmpmeta>${padding}`));
    await writePicture(join(folder, "a.jpg"), testPicture(12, 9, 3, 8, { xmp }));
    const { xmp: kept, stderr } = await upscale(folder, "a.jpg", "b.jpg", "--model", "bicubic");
    assert.equal(recordsIn(kept!).length, 1);
    assert.ok(kept!.startsWith(EDITED.slice(0, EDITED.lastIndexOf("</rdf:RDF"))));
    assert.ok(encode(kept!).length < 4000, `${kept!.length} characters`);
    assert.doesNotMatch(stderr, /left out/);
  });
});

Deno.test({
  name: "exiftool reads the record, and leaves it so that it can go on (TESSERA_TEST=all)",
  ignore: Deno.env.get("TESSERA_TEST") !== "all" || !isThere(EXIFTOOL),
  fn: () =>
    inFolder(async (folder) => {
      await writePicture(join(folder, "a.png"));
      await upscale(folder, "a.png", "b.jpg", "--model", "fast-x4");
      await exiftool(folder, "-overwrite_original", "-XMP-dc:Title=Sea", "b.jpg");
      for (const format of FORMATS) {
        await upscale(folder, "b.jpg", `c.${format}`, "--model", "bicubic", "--scale", "2");
        const [tags] = JSON.parse(
          await exiftool(folder, "-json", "-struct", "-XMP:all", `c.${format}`),
        );
        assert.deepEqual(tags.History.map(({ Model }: { Model: string }) => Model), [
          "fast-x4",
          "bicubic",
        ]);
        assert.equal(tags.Title, "Sea");
        assert.equal(tags.CreatorTool, `Tessera ${VERSION}`);
      }
    }),
});

function isThere(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

async function exiftool(cwd: string, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command(EXIFTOOL, { args, cwd }).output();
  assert.equal(code, 0, decode(stderr));
  return decode(stdout);
}

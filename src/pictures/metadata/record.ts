/**
 * The record of how a picture was made, in its XMP packet: a list in a namespace of our own, so that a
 * picture made in two steps tells of both. What else the packet holds stays as it is.
 *
 * XMP is a subset of RDF/XML (ISO 16684-1). Nothing is parsed here: an element is put in where one may
 * always stand, before the end of `rdf:RDF`, or of the list that an earlier step began. A packet
 * without that place is left alone.
 */

import { escapeMarkup } from "./markup.ts";
import { decodeXmp, RDF } from "./xmp.ts";

/** What a record says: names of letters and digits, and texts. */
export type RecordFields = Readonly<Record<string, string>>;

const RECORD = "urn:tessera:record:1.0/";

/**
 * Returns an XMP packet to which a record is added, after those that are in it.
 *
 * @param xmp The packet so far, if there is one.
 * @param software The program, for a packet that does not name one: "Tessera 0.1.0".
 * @param fields What the record says.
 */
export function withRecord(
  xmp: Uint8Array | undefined,
  software: string,
  fields: RecordFields,
): Uint8Array {
  const text = xmp === undefined ? emptyPacket(software) : decodeXmp(xmp);
  const added = text && (addToHistory(text, fields) ?? addHistory(text, fields));
  return added === undefined ? xmp! : new TextEncoder().encode(added);
}

function emptyPacket(software: string): string {
  return `<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="${RDF}">
  <rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/">
   <xmp:CreatorTool>${escapeMarkup(software)}</xmp:CreatorTool>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>`;
}

/** Puts the record at the end of a list that is there; `undefined` if there is none. */
function addToHistory(text: string, fields: RecordFields): string | undefined {
  const start = text.indexOf("<tessera:History>");
  const end = text.indexOf("</rdf:Seq>", start);
  if (start < 0 || end < 0 || !text.includes(RECORD)) return undefined;
  return insert(text, end, ` ${recordItem(fields)}\n    `);
}

/** Puts a list with the record into the packet; `undefined` if there is no place for it. */
function addHistory(text: string, fields: RecordFields): string | undefined {
  const end = text.lastIndexOf("</rdf:RDF");
  if (end < 0 || text.includes(RECORD)) return undefined;
  const about = /\srdf:about\s*=\s*(["'])([^"'<>]*)\1/.exec(text)?.[2] ?? "";
  return insert(
    text,
    end,
    ` <rdf:Description rdf:about="${about}" xmlns:tessera="${RECORD}">
   <tessera:History>
    <rdf:Seq>
     ${recordItem(fields)}
    </rdf:Seq>
   </tessera:History>
  </rdf:Description>
 `,
  );
}

function recordItem(fields: RecordFields): string {
  const lines = Object.entries(fields).map(([name, value]) => {
    return `      <tessera:${name}>${escapeMarkup(value)}</tessera:${name}>\n`;
  });
  return `<rdf:li rdf:parseType="Resource">\n${lines.join("")}     </rdf:li>`;
}

function insert(text: string, at: number, added: string): string {
  return text.slice(0, at) + added + text.slice(at);
}

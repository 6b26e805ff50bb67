import { XMLParser } from 'fast-xml-parser';

export interface Element {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly Element[];
  /** All text inside, that of inner elements included (as in a `<Say>` with SSML). */
  readonly text: string;
}

const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: '',
  parseTagValue: false,
  ignoreDeclaration: true,
  ignorePiTags: true,
  htmlEntities: true,
});

/** The elements on the top level of a well-formed document. */
export function readXml(document: string): Element[] {
  return elements(parser.parse(document));
}

/** The parser's ordered form: a list of `{ [name]: children, ':@': attributes }` and `{ '#text': text }`. */
function elements(nodes: unknown): Element[] {
  if (!Array.isArray(nodes)) return [];
  return nodes.flatMap((node: Record<string, unknown>) => {
    const name = Object.keys(node).find((key) => key !== ':@' && key !== '#text');
    if (name === undefined) return [];
    return {
      name,
      attributes: new Map(Object.entries(node[':@'] ?? {}).map(([key, value]) => [key, String(value)])),
      children: elements(node[name]),
      text: textOf(node[name]).trim(),
    };
  });
}

function textOf(nodes: unknown): string {
  if (!Array.isArray(nodes)) return '';
  return nodes
    .map((node: Record<string, unknown>) =>
      Object.entries(node)
        .map(([key, value]) => (key === '#text' ? String(value) : key === ':@' ? '' : textOf(value)))
        .join(''),
    )
    .join(' ');
}

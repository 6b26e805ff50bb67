import { expect } from '@jest/globals';
import { XMLParser, XMLValidator } from 'fast-xml-parser';

/** An element: `[name, attributes, content]`, with text for content where there are no elements in it. */
export type Verb = readonly [string, Readonly<Record<string, string>>, (string | readonly Verb[])?];

type Node = Record<string, unknown>;

const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: '',
  parseTagValue: false,
  trimValues: false,
});

function verbOf(node: Node): Verb {
  const { ':@': attributes = {}, ...element } = node;
  const [[name, children] = ['', []]] = Object.entries(element);
  const nodes = children as Node[];
  const text = nodes.map((child) => child['#text']).join('');
  if (nodes.length === 0) {
    return [name, attributes as Record<string, string>];
  }
  return [
    name,
    attributes as Record<string, string>,
    nodes.some((child) => '#text' in child) ? text : nodes.map(verbOf),
  ];
}

/** The verbs of a TwiML document, which must be well-formed XML. */
export function verbsOf(twiml: string | undefined): readonly Verb[] {
  expect(XMLValidator.validate(twiml ?? '')).toBe(true);
  const nodes: Node[] = parser.parse(twiml ?? '');
  const response = nodes.find((node) => 'Response' in node);
  expect(response).toBeDefined();
  const [, , verbs = []] = verbOf(response ?? {});
  return typeof verbs === 'string' ? [] : verbs;
}

export const namesOf = (twiml: string | undefined): string[] => verbsOf(twiml).map(([name]) => name);

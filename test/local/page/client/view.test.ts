import { readFile } from 'node:fs/promises';
import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type axe from 'axe-core';
import { JSDOM } from 'jsdom';
import { METRICS, type MetricName } from '../../../../lambda/shared/contract.ts';
import type { view } from '../../../../local/page/client/view.ts';
import { EMPTY, type PageEvent, reduce } from '../../../../local/page/model.ts';
import { sidOf } from '../support.ts';

/*
 * The page in a DOM without a browser. Colours and the chart are beyond it: see chromium.test.ts.
 */

const { window } = new JSDOM(await readFile('local/page/client/index.html', 'utf8'), {
  runScripts: 'outside-only',
});
const { document } = window;
const main = document.getElementById('page');
const opened = new Map<string, boolean>();
let draw: (events: readonly PageEvent[]) => void;

beforeAll(async () => {
  // lit-html looks for it when it is loaded.
  Object.assign(globalThis, { document });
  const { render } = await import('lit-html');
  const { view: drawn }: { view: typeof view } = await import('../../../../local/page/client/view.ts');
  draw = (events) => {
    const model = events.reduce(reduce, EMPTY);
    const onToggle = (what: string, open: boolean): void => {
      opened.set(what, open);
      draw(events);
    };
    if (main) render(drawn({ model, opened, onToggle }), main);
  };
});
afterEach(() => opened.clear());

const began = (number: number): PageEvent => ({
  type: 'call',
  callSid: sidOf(number),
  at: 0,
  announces: true,
  facts: { from: '+*******0123', to: '+*******0100', status: 'in-progress', recording: 'recording' },
  line: { at: 64, who: 'twilio', what: 'the call is <b>ringing</b>', tone: 'strong' },
});
const ended: PageEvent = { type: 'call', callSid: sidOf(1), at: 9, facts: { status: 'completed' } };
const measured = (metric: MetricName, values: readonly number[]): PageEvent => ({
  type: 'measured',
  metric,
  values,
  at: 0,
});
const FIGURES: readonly PageEvent[] = [
  measured(METRICS.recordingStarted, [1, 1]),
  measured(METRICS.timeToRecordingMilliseconds, [310, 420]),
  measured(METRICS.callUnrecorded, [1]),
];

const textOf = (element: Element | null | undefined): string =>
  element?.textContent?.replaceAll(/\s+/g, ' ').trim() ?? '';
const textsOf = (selector: string): string[] => [...document.querySelectorAll(selector)].map(textOf);
const openerOf = (what: string): HTMLButtonElement | null =>
  document.querySelector(`[aria-controls="${what}-content"]`);

describe('the page', () => {
  test('shows the funnel with its coverage, and the percentiles', () => {
    draw(FIGURES);
    expect(textsOf('.funnel tbody tr')).toEqual([
      'received 0',
      'answered 3',
      'started 2',
      'completed 0',
      'absent 0',
      'failed 0',
      'unrecorded 1',
      'never answered 0',
      'declined 0',
    ]);
    expect(textsOf('.figure strong')).toEqual(['66.66 %']);
    expect(textsOf('.figures div')).toEqual(['p50310 ms', 'p95420 ms', 'p99420 ms']);
  });

  test('has the chart’s figures as a table for who asks', () => {
    draw(FIGURES);
    expect(textsOf('#times-table-content td.number')).toEqual([]);
    openerOf('times-table')?.click();
    expect(textsOf('#times-table-content td.number')).toEqual(['420', '310']);
    expect(openerOf('times-table')?.getAttribute('aria-expanded')).toBe('true');
  });

  test('opens calls while they are live, unless somebody has closed them', () => {
    const timelines = () => textsOf('.timeline tbody tr');
    draw([began(1)]);
    expect(timelines()).toEqual(['0.064 s twilio the call is <b>ringing</b>']);
    draw([began(1), ended]);
    expect(timelines()).toEqual([]);
    expect(textsOf('.badge')).toEqual(['completed', 'is being recorded']);
    draw([began(1)]);
    openerOf(sidOf(1))?.click();
    expect(timelines()).toEqual([]);
  });

  test('leaves the focus where it is while it goes on', () => {
    draw([began(1)]);
    const opener = openerOf(sidOf(1));
    opener?.focus();
    draw([began(1), began(2), ended]);
    expect(document.activeElement).toBe(opener);
    expect(textsOf('.call .parties')).toHaveLength(2);
  });

  test.each<[string, readonly PageEvent[]]>([
    ['nothing has happened', []],
    ['calls are live and over', [...FIGURES, began(1), began(2), ended]],
  ])('is accessible when %s', async (_, events) => {
    opened.set('times-table', true);
    draw(events);
    window.eval(await readFile('node_modules/axe-core/axe.min.js', 'utf8'));
    const { axe: checker } = window as unknown as { axe: typeof axe };
    const { violations, passes } = await checker.run(document, {
      // Of which a DOM without a layout knows nothing.
      rules: { 'color-contrast': { enabled: false } },
    });
    expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([]);
    expect(passes.length).toBeGreaterThan(10);
  });
});

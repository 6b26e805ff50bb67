import { html, nothing, svg, type TemplateResult } from 'lit-html';
import { repeat } from 'lit-html/directives/repeat.js';
import type { Stage } from '../../../lib/funnel.ts';
import { percentiles } from '../../percentiles.ts';
import {
  type CallView,
  coverage,
  funnel,
  isLive,
  type PageModel,
  reached,
  type StoryLine,
} from '../model.ts';

export interface ViewOptions {
  readonly model: PageModel;
  /** What somebody opened or closed by hand: calls by their CallSid, and the table of times. */
  readonly opened: ReadonlyMap<string, boolean>;
  readonly onToggle: (what: string, open: boolean) => void;
}

/** Everything in `<main>`; the chart is drawn into `#chart` by somebody else. */
export const view = (options: ViewOptions): TemplateResult => html`
  ${funnelSection(options.model)} ${timesSection(options)} ${callsSection(options)}
`;

/** A button that shows and hides what follows it. What is open is the caller's to say: it changes as calls end. */
const opener = (
  what: string,
  open: boolean,
  onToggle: ViewOptions['onToggle'],
  content: unknown,
): TemplateResult => html`
  <button
    type="button"
    class="opener"
    aria-expanded=${open ? 'true' : 'false'}
    aria-controls=${`${what}-content`}
    @click=${() => onToggle(what, !open)}
  >${content}</button>
`;

const OUTCOMES: readonly Stage[] = ['completed', 'absent', 'failed'];
const BAD: readonly Stage[] = ['failed', 'unrecorded'];

function funnelSection(model: PageModel): TemplateResult {
  const stages = funnel(model);
  const most = Math.max(1, ...stages.map(([, count]) => count));
  return html`
    <section aria-labelledby="funnel">
      <h2 id="funnel">What became of calls</h2>
      ${coverageOf(model)}
      <table class="funnel">
        <caption class="unseen">Calls at each stage</caption>
        <thead>
          <tr><th scope="col">Stage</th><th scope="col" class="number">Calls</th><td></td></tr>
        </thead>
        <tbody>
          ${stages.map(
            ([stage, count]) => html`
              <tr class=${classOf(stage, count)}>
                <th scope="row">${stage}</th>
                <td class="number">${count}</td>
                <td>${bar(count / most)}</td>
              </tr>
            `,
          )}
        </tbody>
      </table>
    </section>
  `;
}

const classOf = (stage: Stage, count: number): string =>
  [OUTCOMES.includes(stage) ? 'outcome' : '', BAD.includes(stage) && count > 0 ? 'bad' : ''].join(' ').trim();

/** The figure beside it says the same. */
const bar = (share: number): TemplateResult => html`
  <svg class="bar" viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true">
    ${svg`<rect width=${(100 * share).toFixed(1)} height="1"></rect>`}
  </svg>
`;

function coverageOf(model: PageModel): TemplateResult {
  const share = coverage(model);
  const answered = reached(model, 'started') + reached(model, 'unrecorded');
  return html`
    <p class="figure">
      <strong>${share === undefined ? '–' : percent(share)}</strong>
      <span>${
        share === undefined
          ? 'No call has been answered yet.'
          : `of ${answered} ${answered === 1 ? 'call' : 'calls'} that were answered, or may have been, are recorded`
      }</span>
    </p>
  `;
}

/** Never 100 when one is missing. */
const percent = (share: number): string => `${Math.floor(share * 100) / 100} %`;

function timesSection({ model: { timesToRecording }, opened, onToggle }: ViewOptions): TemplateResult {
  const open = opened.get(TIMES) ?? false;
  const { p50, p95, p99 } = percentiles(timesToRecording.map(({ milliseconds }) => milliseconds));
  const hasAny = timesToRecording.length > 0;
  const figures = [
    ['p50', p50],
    ['p95', p95],
    ['p99', p99],
  ] as const;
  return html`
    <section aria-labelledby="times">
      <h2 id="times">Time to recording</h2>
      <dl class="figures">
        ${figures.map(
          ([name, milliseconds]) => html`
            <div class=${name}><dt>${name}</dt><dd>${hasAny ? `${milliseconds} ms` : '–'}</dd></div>
          `,
        )}
      </dl>
      <div id="chart" role="img" aria-label="Chart: milliseconds from the start of a call’s execution to its recording, each call a point, with p50, p95 and p99 so far. The table below has the same figures."></div>
      ${opener(TIMES, open, onToggle, `The newest ${NEWEST_TIMES} as a table`)}
      <div id="${TIMES}-content">${open ? timesTable(timesToRecording) : nothing}</div>
    </section>
  `;
}

const TIMES = 'times-table';
const NEWEST_TIMES = 20;

function timesTable(times: PageModel['timesToRecording']): TemplateResult {
  const newest = times.slice(-NEWEST_TIMES).reverse();
  return html`
    <table>
      <caption class="unseen">Time to recording, the newest first</caption>
      <thead><tr><th scope="col">At</th><th scope="col" class="number">Milliseconds</th></tr></thead>
      <tbody>
        ${newest.map(
          ({ at, milliseconds }) => html`
            <tr><td>${clockTime(at)}</td><td class="number">${milliseconds}</td></tr>
          `,
        )}
      </tbody>
    </table>
  `;
}

function callsSection({ model: { calls }, opened, onToggle }: ViewOptions): TemplateResult {
  const live = calls.filter(isLive).length;
  return html`
    <section aria-labelledby="calls">
      <h2 id="calls">Calls <span class="count">${live} live, ${calls.length} shown</span></h2>
      ${
        calls.length === 0
          ? html`<p class="hint">None yet. Enter in the terminal places one, and so does the button at the top.</p>`
          : nothing
      }
      ${repeat(
        calls.toReversed(),
        ({ callSid }) => callSid,
        (call) => callView(call, opened.get(call.callSid) ?? isLive(call), onToggle),
      )}
    </section>
  `;
}

const callView = (call: CallView, open: boolean, onToggle: ViewOptions['onToggle']): TemplateResult => html`
  <article class="call">
    <h3>${opener(call.callSid, open, onToggle, callTitle(call))}</h3>
    <div id="${call.callSid}-content">${open ? timeline(call) : nothing}</div>
  </article>
`;

const callTitle = (call: CallView): TemplateResult => html`
  <span class="parties">${call.from ?? 'unknown'} to ${call.to ?? 'unknown'}</span>
  ${badges(call)}
  <time datetime=${new Date(call.at).toISOString()}>${clockTime(call.at)}</time>
`;

const badges = (call: CallView): TemplateResult => html`
  <span class="badges">
    ${isLive(call) ? html`<span class="badge live">live</span>` : nothing}
    ${call.status ? html`<span class="badge">${call.status}</span>` : nothing}
    ${call.recording ? html`<span class="badge ${call.recording}">${recordingText(call.recording)}</span>` : nothing}
    ${call.state ? html`<span class="badge state">${call.state}</span>` : nothing}
  </span>
`;

const recordingText = (recording: string): string =>
  recording === 'recording' ? 'is being recorded' : `recording ${recording}`;

const timeline = (call: CallView): TemplateResult => html`
  <p class="sid">${call.callSid}</p>
  <table class="timeline">
    <caption class="unseen">Timeline</caption>
    <thead>
      <tr><th scope="col" class="number">After</th><th scope="col">Who</th><th scope="col">What</th></tr>
    </thead>
    <tbody>${call.lines.map((line) => lineView(line, call.at))}</tbody>
  </table>
`;

const lineView = ({ at, who, what, tone }: StoryLine, begun: number): TemplateResult => html`
  <tr>
    <td class="number"><time datetime=${new Date(at).toISOString()}>${((at - begun) / 1000).toFixed(3)} s</time></td>
    <td>${who}</td>
    <td class=${tone ?? nothing}>${what}</td>
  </tr>
`;

const clock = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' });
const clockTime = (at: number): string => clock.format(at);

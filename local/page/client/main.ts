import { render } from 'lit-html';
import { coverage, EMPTY, isLive, reached } from '../model.ts';
import { type PageUpdate, updated } from '../updates.ts';
import { Chart } from './chart.ts';
import { view } from './view.ts';

/** News are read out: more often than this nobody could listen to them. */
const NEWS_EVERY_MS = 5_000;

const main = elementOf('page');
const opened = new Map<string, boolean>();
let model = EMPTY;
let chart: Chart | undefined;

function show(): void {
  render(
    view({
      model,
      opened,
      onToggle: (callSid, open) => {
        opened.set(callSid, open);
        show();
      },
    }),
    main,
  );
  chart ??= new Chart(elementOf('chart'));
  chart.show(model.timesToRecording);
}

function tellNews(): void {
  const live = model.calls.filter(isLive).length;
  const share = coverage(model);
  const news = [
    `${reached(model, 'received')} calls received, ${reached(model, 'started')} recordings started, ${live} live`,
    ...(share === undefined ? [] : [`${Math.floor(share)} % recorded`]),
  ].join(', ');
  const element = elementOf('news');
  if (element.textContent !== news && model !== EMPTY) {
    element.textContent = news;
  }
}

function listen(): void {
  const events = new EventSource('/page/events');
  const connection = elementOf('connection');
  let isFirst = true;
  events.onopen = () => {
    isFirst = true;
    connection.textContent = 'Live.';
    connection.className = 'good';
  };
  events.onerror = () => {
    connection.textContent = 'Not connected: is the command still running?';
    connection.className = 'bad';
  };
  events.onmessage = ({ data }) => {
    const update: PageUpdate = JSON.parse(data);
    model = updated(isFirst ? EMPTY : model, update);
    isFirst = false;
    show();
  };
}

function elementOf(id: string): HTMLElement {
  const element = document.getElementById(id);
  if (!element) {
    throw new Error(`The page has no element #${id}`);
  }
  return element;
}

document.getElementById('place-call')?.addEventListener('click', () => {
  void fetch('/page/call', { method: 'POST' });
});
show();
listen();
setInterval(tellNews, NEWS_EVERY_MS);

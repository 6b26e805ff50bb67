import uPlot from 'uplot';
import { percentiles } from '../../percentiles.ts';
import type { TimeToRecording } from '../model.ts';

const HEIGHT = 260;
const LEAST_SECONDS = 30;
const MARGIN_SECONDS = 2;
const SHARES = ['p50', 'p95', 'p99'] as const;

/** Each recording's time as a point, and the percentiles of all up to it as lines. */
export class Chart {
  readonly #plot: uPlot;
  #shown: readonly TimeToRecording[] = [];

  constructor(target: HTMLElement) {
    const colour = colourOf(target);
    const axis = (): uPlot.Axis => ({
      stroke: () => colour('--quiet'),
      grid: { stroke: () => colour('--rule'), width: 1 },
      ticks: { show: false },
    });
    this.#plot = new uPlot(
      {
        width: target.clientWidth,
        height: HEIGHT,
        legend: { show: false },
        cursor: { show: false },
        scales: {
          x: { range: timeRange },
          y: { range: (_, __, most) => [0, Math.max(500, (most || 0) * 1.1)] },
        },
        axes: [
          { ...axis(), space: 100, values: (_, seconds) => seconds.map(clockTime) },
          { ...axis(), size: 70, values: (_, all) => all.map((ms) => `${ms} ms`) },
        ],
        series: [
          {},
          {
            stroke: () => colour('--ink'),
            width: 0,
            points: { show: true, size: 7, fill: () => colour('--point') },
          },
          ...SHARES.map((name, index) => ({
            stroke: () => colour(`--${name}`),
            width: 2,
            dash: [[], [8, 4], [2, 3]][index] ?? [],
            points: { show: false },
            paths: stepped,
          })),
        ],
      },
      [[], [], [], [], []],
      target,
    );
    new ResizeObserver(() => this.#plot.setSize({ width: target.clientWidth, height: HEIGHT })).observe(
      target,
    );
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.#plot.redraw());
  }

  show(times: readonly TimeToRecording[]): void {
    if (times.length === this.#shown.length && times.at(-1) === this.#shown.at(-1)) {
      return;
    }
    this.#shown = times;
    const milliseconds = times.map((one) => one.milliseconds);
    const soFar = milliseconds.map((_, index) => percentiles(milliseconds.slice(0, index + 1)));
    this.#plot.setData([
      times.map(({ at }) => at / 1000),
      milliseconds,
      ...SHARES.map((name) => soFar.map((one) => one[name])),
    ]);
  }
}

/** Without a point there is no first and last one, and with one they are the same. */
const timeRange: uPlot.Range.Function = (_, first, last) => {
  const begin = first ?? Date.now() / 1000;
  return [begin - MARGIN_SECONDS, Math.max(last ?? begin, begin + LEAST_SECONDS) + MARGIN_SECONDS];
};

const stepped = uPlot.paths.stepped?.({ align: 1 });

const clock = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' });
const clockTime = (seconds: number): string => clock.format(seconds * 1000);

/** Reads the style sheet's colours each time: they change with the reader's colour scheme. */
const colourOf =
  (element: Element) =>
  (name: string): string =>
    getComputedStyle(element).getPropertyValue(name);

/*
 * What DynamoDB charges on demand for one request, by the sizes of the items that it touches.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
 */

const WRITE_UNIT_BYTES = 1_024;
const READ_UNIT_BYTES = 4_096;

/** Bytes of an item; undefined where there is none. */
export type Bytes = number | undefined;

/** What an index holds of an item. */
export interface Entry {
  /** The values of the index's keys. */
  readonly key: string;
  readonly bytes: number;
  /** All that is projected, as one text: to see whether anything changed. */
  readonly content: string;
}

const units = (bytes: number, each: number): number => Math.max(1, Math.ceil(bytes / each));

/** A write of one item, by its size before and after. One whose condition does not hold costs the same and changes nothing. */
export const writeUnits = (before: Bytes, after: Bytes): number =>
  units(Math.max(before ?? 0, after ?? 0), WRITE_UNIT_BYTES);

/**
 * What the same write costs for an index: nothing where the entry stays as it is, two writes where its key changes.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html#GSI.ThroughputConsiderations.Writes
 */
export function indexWriteUnits(before: Entry | undefined, after: Entry | undefined): number {
  if (before && after && before.key !== after.key) {
    return writeUnits(before.bytes, undefined) + writeUnits(undefined, after.bytes);
  }
  return before?.content === after?.content ? 0 : writeUnits(before?.bytes, after?.bytes);
}

/** A read of so many bytes: of one item, or of all that a query found together. */
export const readUnits = (bytes: number, isConsistent: boolean): number =>
  units(bytes, READ_UNIT_BYTES) * (isConsistent ? 1 : 0.5);

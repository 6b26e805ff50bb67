/** What lists are made of. */
export interface Listed {
  readonly sid: string;
  /** Grows in the order of creation. */
  readonly ordinal: number;
}

/** All resources of one kind, by their SID and in the order of their creation. None is ever taken out. */
export class Register<T extends Listed> {
  readonly #bySid = new Map<string, T>();
  readonly #inOrder: T[] = [];

  add(item: T): void {
    this.#bySid.set(item.sid, item);
    this.#inOrder.push(item);
  }

  get(sid: string): T | undefined {
    return this.#bySid.get(sid);
  }

  /** Oldest first. */
  get inOrder(): readonly T[] {
    return this.#inOrder;
  }

  /** The ordinal of what is added next. */
  get nextOrdinal(): number {
    return this.#inOrder.length;
  }
}

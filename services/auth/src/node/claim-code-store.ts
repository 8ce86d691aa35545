/** Where the claim code is kept: a place that only whoever runs the node can read. */
export interface ClaimCodeStore {
  /** The place, in words that help to find it. */
  readonly location: string;
  read(): Promise<string | undefined>;
  /** Once this resolves, the code survives a power cut. */
  write(code: string): Promise<void>;
  /** Does no harm when there is none. */
  remove(): Promise<void>;
}

/** How many processes are started, where, and with what. */
export interface LaunchOptions {
  readonly ranks: number;
  /** Threads of each rank; absent: the host's cores shared evenly. */
  readonly threads?: number;
  /** Each rank on cores of its own. */
  readonly bindCore: boolean;
  /** Names of hosts that share the ranks; empty: this one. */
  readonly hosts: readonly string[];
  readonly hostfile?: string;
}

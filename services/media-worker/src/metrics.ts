import { Counter, Histogram, type Metrics } from '@lazyphotos/service-kit';
import type { ToolObserver } from './pipeline/bounded-process.js';

export class MediaMetrics {
  readonly processed: Counter;
  readonly deferred: Counter;
  readonly remade: Counter;
  readonly remakesFailed: Counter;
  readonly metadataUnread: Counter;
  readonly backgroundWait: Histogram;
  readonly duration: Histogram;
  readonly copies: Counter;
  readonly attemptsFailed: Counter;
  readonly toolStarts: Counter;
  readonly toolEnds: Counter;

  /** Counts the processes that work on photos. */
  readonly tools: ToolObserver = {
    started: (tool) => this.toolStarts.inc({ tool }),
    ended: (tool, reason) => this.toolEnds.inc({ tool, reason }),
  };

  constructor({ registry }: Metrics) {
    const registers = [registry];
    this.processed = new Counter({
      name: 'lazyphotos_media_processed_total',
      help: 'Processed photos by outcome: ready, or the code of the failure',
      labelNames: ['outcome'],
      registers,
    });
    this.deferred = new Counter({
      name: 'lazyphotos_media_deferred_total',
      help: 'Uploads of imports, and of users whose photos take very long, that were put behind fresh uploads',
      registers,
    });
    this.remade = new Counter({
      name: 'lazyphotos_media_previews_lost_total',
      help: 'Photos whose previews are made again because one was missing or damaged',
      registers,
    });
    this.remakesFailed = new Counter({
      name: 'lazyphotos_media_remakes_failed_total',
      help: 'Photos whose lost previews could not be made again, by the code of the failure; they stay ready',
      labelNames: ['outcome'],
      registers,
    });
    this.metadataUnread = new Counter({
      name: 'lazyphotos_media_metadata_unread_total',
      help: 'Photos that are ready without their metadata, by reason: too_large needs more memory than exiftool may have',
      labelNames: ['reason'],
      registers,
    });
    this.backgroundWait = new Histogram({
      name: 'lazyphotos_media_background_wait_seconds',
      help: 'Time that an upload of an import, next to be processed, waited for fresh uploads',
      buckets: [0.01, 0.1, 1, 2.5, 5, 10, 20, 30],
      registers,
    });
    this.duration = new Histogram({
      name: 'lazyphotos_media_processing_duration_seconds',
      help: 'Time to read a photo, make its previews and store them',
      buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
      registers,
    });
    this.attemptsFailed = new Counter({
      name: 'lazyphotos_media_attempts_failed_total',
      help: 'Attempts that ended a process or failed without a known cause and count against their photo: five of them end as processor_crashed',
      registers,
    });
    this.toolStarts = new Counter({
      name: 'lazyphotos_media_tool_starts_total',
      help: 'Processes that were started to work on photos, by tool: decoder (one picture that takes much memory or time) or exiftool',
      labelNames: ['tool'],
      registers,
    });
    this.toolEnds = new Counter({
      name: 'lazyphotos_media_tool_deaths_total',
      help: 'Processes that ended while they worked on a photo, by tool and reason: memory and time are their limits, killed is all else',
      labelNames: ['tool', 'reason'],
      registers,
    });
    this.copies = new Counter({
      name: 'lazyphotos_media_copies_total',
      help: 'Requests for copies with other metadata, by kind and outcome: made, reused, original (needs no copy), refused or failed',
      labelNames: ['kind', 'outcome'],
      registers,
    });
  }
}

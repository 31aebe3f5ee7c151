// A client of the SDK, over each of its ways to the server.

import { EventSource } from "eventsource";
import SockJS from "sockjs-client";
import { Centrifuge as JsonClient } from "centrifuge";
import { Centrifuge as ProtobufClient } from "centrifuge/build/protobuf";
import WebSocket from "ws";
import { Queue } from "./queue.mjs";

/** How each way asks for the server at `host:port`. */
export const WAYS = {
  "websocket, JSON": { make: JsonClient, to: (host) => `ws://${host}/connection/websocket` },
  "websocket on /ws/chat, JSON": { make: JsonClient, to: (host) => `ws://${host}/ws/chat` },
  "websocket, Protobuf": { make: ProtobufClient, to: (host) => `ws://${host}/connection/websocket` },
  http_stream: { make: JsonClient, to: (host) => emulated("http_stream", host) },
  "http_stream, Protobuf": { make: ProtobufClient, to: (host) => emulated("http_stream", host) },
  sse: { make: JsonClient, to: (host) => emulated("sse", host) },
  sockjs: {
    make: JsonClient,
    to: (host) => [{ transport: "sockjs", endpoint: `http://${host}/ws/chat` }],
    options: { sockjsOptions: { transports: ["xhr-streaming"] } },
  },
};

/** Payloads as a way carries them: JSON as values, Protobuf as bytes. */
export const payloads = (way) =>
  WAYS[way].make === ProtobufClient
    ? {
        encode: (value) => new TextEncoder().encode(JSON.stringify(value)),
        decode: (bytes) => JSON.parse(new TextDecoder().decode(bytes)),
      }
    : { encode: (value) => value, decode: (value) => value };

function emulated(transport, host) {
  return [{ transport, endpoint: `http://${host}/connection/${transport}` }];
}

/** A client whose events can be waited for. */
export class Client {
  connected = new Queue("the connection");
  connecting = new Queue("the connection to be lost");
  disconnected = new Queue("the end of the connection");
  messages = new Queue("a message");
  serverSubscribed = new Queue("a subscription by the server");
  serverUnsubscribed = new Queue("the end of a subscription by the server");
  serverPublications = new Queue("a publication in a channel of the server");
  errors = [];

  /**
   * @param {keyof typeof WAYS} way
   * @param {string} host with its port
   * @param {object} [options] of the SDK
   */
  constructor(way, host, options = {}) {
    const { make: Make, to, options: own } = WAYS[way];
    this.payloads = payloads(way);
    this.sdk = new Make(to(host), {
      websocket: WebSocket,
      eventsource: EventSource,
      fetch,
      readableStream: ReadableStream,
      sockjs: SockJS,
      emulationEndpoint: `http://${host}/emulation`,
      minReconnectDelay: 20,
      maxReconnectDelay: 200,
      ...own,
      ...options,
    });
    this.sdk.on("connected", (event) => this.connected.push(event));
    this.sdk.on("connecting", (event) => this.connecting.push(event));
    this.sdk.on("disconnected", (event) => this.disconnected.push(event));
    this.sdk.on("message", (event) => this.messages.push(event));
    this.sdk.on("subscribed", (event) => this.serverSubscribed.push(event));
    this.sdk.on("unsubscribed", (event) => this.serverUnsubscribed.push(event));
    this.sdk.on("publication", (event) => this.serverPublications.push(event));
    this.sdk.on("error", (event) => this.errors.push(event));
  }

  /** Connects, and waits for it. */
  async connect() {
    this.sdk.connect();
    await this.connecting.next();
    return this.connected.next();
  }

  /** Makes a subscription whose events can be waited for, and waits until it stands. */
  async subscribe(channel, options) {
    const subscription = this.listen(channel, options);
    subscription.sdk.subscribe();
    subscription.first = await subscription.subscribed.next();
    return subscription;
  }

  /** The same, not yet subscribed. */
  listen(channel, options) {
    return new Subscription(this.sdk.newSubscription(channel, options), this.payloads);
  }

  publish(channel, value) {
    return this.sdk.publish(channel, this.payloads.encode(value));
  }

  close() {
    this.sdk.disconnect();
  }
}

class Subscription {
  subscribed = new Queue("the subscription");
  subscribing = new Queue("the subscription to begin again");
  unsubscribed = new Queue("the end of the subscription");
  publications = new Queue("a publication");
  joins = new Queue("somebody to come");
  leaves = new Queue("somebody to leave");
  errors = new Queue("an error of the subscription");

  constructor(sdk, { decode }) {
    this.sdk = sdk;
    sdk.on("subscribed", (event) => this.subscribed.push(event));
    sdk.on("subscribing", (event) => this.subscribing.push(event));
    sdk.on("unsubscribed", (event) => this.unsubscribed.push(event));
    sdk.on("publication", (event) => this.publications.push({ ...event, data: decode(event.data) }));
    sdk.on("join", (event) => this.joins.push(event));
    sdk.on("leave", (event) => this.leaves.push(event));
    sdk.on("error", (event) => this.errors.push(event));
  }

  /** The payloads of the next publications. */
  async heard(count) {
    return (await this.publications.take(count)).map((publication) => publication.data);
  }
}

export interface DemoUser {
  readonly id: number
  readonly name: string
  readonly email: string
}

export interface DemoProduct {
  readonly id: number
  readonly name: string
  readonly sku: string
  /** Minor units (cents). */
  readonly price: number
  readonly stock: number
}

/** Users 1 to 3 are those that clients of the old system know. */
export const DEMO_USERS: readonly DemoUser[] = [
  { id: 1, name: 'Ada Lovelace', email: 'alovelace@example.com' },
  { id: 2, name: 'Adele Goldberg', email: 'agoldberg@example.com' },
  { id: 3, name: 'Alan Turing', email: 'aturing@example.com' },
  // On credit hold in the demo data of payments: her orders fail at payment.
  { id: 4, name: 'Grace Hopper', email: 'ghopper@example.com' },
]

/** Products 1 to 4 are those that clients of the old system know. */
export const DEMO_PRODUCTS: readonly DemoProduct[] = [
  { id: 1, name: 'Laptop ABC', sku: 'LP12567', price: 1999_99, stock: 1000 },
  { id: 2, name: 'Keyboard DEF', sku: 'KB67890', price: 59_50, stock: 500 },
  { id: 3, name: 'Gadget XYZ', sku: 'GG12345', price: 5_75, stock: 2 },
  { id: 4, name: '27-inch Screen WYZ', sku: 'SC27289', price: 299_75, stock: 90 },
  { id: 5, name: 'Fountain Pen, Midnight Blue', sku: 'FP30112', price: 84_00, stock: 140 },
  { id: 6, name: 'Notebook A5, Dotted, 192 Pages', sku: 'NB20519', price: 18_95, stock: 800 },
  { id: 7, name: 'Desk Lamp with Dimmer', sku: 'DL41207', price: 74_90, stock: 65 },
  { id: 8, name: 'Oak Monitor Stand', sku: 'MS51830', price: 119_00, stock: 48 },
  { id: 9, name: 'Felt Desk Mat, Charcoal', sku: 'DM62291', price: 39_00, stock: 210 },
  { id: 10, name: 'Wireless Mouse, Quiet', sku: 'WM70356', price: 44_25, stock: 320 },
  { id: 11, name: 'Headphones, Noise Cancelling', sku: 'HP81464', price: 329_00, stock: 75 },
  { id: 12, name: 'Webcam 1080p', sku: 'WC92573', price: 96_40, stock: 110 },
  { id: 13, name: 'USB-C Cable, 2 m', sku: 'UC13682', price: 14_50, stock: 1500 },
  { id: 14, name: 'Insulated Bottle, 750 ml', sku: 'IB24791', price: 32_00, stock: 260 },
  { id: 15, name: 'Canvas Backpack, 20 l', sku: 'BP35804', price: 149_00, stock: 40 },
  { id: 16, name: 'Porcelain Mug, Set of 4', sku: 'PM46915', price: 52_80, stock: 95 },
]

// Orders of a shop: how far each has come, what was paid and paid back, and how long each step took.
//
//   foldline project shop.db --projection orders --count-by status                how many orders stand where
//   foldline project shop.db --projection orders --where 'refunded > paid'        who was paid back too much
//   foldline blame shop.db order-2 --projection orders                            why was it cancelled?

// How many hours after the order was placed each step came, to a tenth.
function step(state, event, status) {
  state.status = status
  if (state.placedAt) {
    const hours = (new Date(event.created) - new Date(state.placedAt)) / 3600000
    state.hours[status.toLowerCase()] = Math.round(hours * 10) / 10
  }
}

const count = (items) => items.reduce((sum, item) => sum + item.quantity, 0)

fromCategory('order')
  .foreachStream()
  .when({
    $init: () => ({ status: 'NEW', customer: null, items: {}, pieces: 0, total: 0, paid: 0, refunded: 0, refusals: 0, hours: {} }),

    placed(state, event) {
      const { customer, items, total } = event.data
      state.status = 'PLACED'
      state.customer = customer
      state.placedAt = event.created
      for (const item of items) state.items[item.sku] = item.name
      state.pieces = count(items)
      state.total = total
    },

    'item-added'(state, event) {
      const { item, total } = event.data
      state.items[item.sku] = item.name
      state.pieces += item.quantity
      state.total = total
    },

    'payment-failed'(state) {
      state.refusals += 1
    },

    paid(state, event) {
      state.paid += event.data.amount
      step(state, event, 'PAID')
    },

    packed: (state, event) => step(state, event, 'PACKED'),
    shipped: (state, event) => step(state, event, 'SHIPPED'),
    tracked(state, event) {
      state.seenIn = event.data.place
    },
    delivered: (state, event) => step(state, event, 'DELIVERED'),

    'refund-requested'(state, event) {
      state.asksFor = event.data.amount
    },

    refunded(state, event) {
      state.refunded += event.data.amount
      if (state.status === 'DELIVERED') step(state, event, 'SENT_BACK')
      // Seen by whoever keeps the books, if this ran where projections write.
      if (state.refunded > state.paid) linkTo('refunds-to-check', event)
    },

    cancelled(state, event) {
      step(state, event, 'CANCELLED')
      state.cancelledBy = event.metadata && event.metadata.actor
      state.why = event.metadata && event.metadata.reason
    },
  })

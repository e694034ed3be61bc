// Reservations of a clinic: how each stands, who changed it last, and how long each step of the visit took.
//
//   foldline blame clinic.db reservation-1 --projection reservations       who moved it, when and why
//   foldline project clinic.db --projection reservations --where 'minutes.waiting > 30'

// The minutes since an earlier time; nothing if that is not known.
function minutesSince(earlier, now) {
  return earlier ? Math.round((new Date(now) - new Date(earlier)) / 60000) : null
}

// Who did something is in the metadata; an event without any was done by nobody we know.
function changed(state, event, what) {
  const { actor, reason } = event.metadata || {}
  state.changedBy = actor || 'unknown'
  state.lastChange = what
  if (reason) state.why = reason
}

fromCategory('reservation')
  .foreachStream()
  .when({
    $init() {
      return { status: 'NEW', moves: 0, treatments: [], price: 0, minutes: {} }
    },

    booked(state, { data }) {
      state.status = 'BOOKED'
      state.patient = data.patient
      state.doctor = data.doctor
      state.startsAt = data.startsAt
      state.slot = data.slot
      state.treatments.push(data.treatment)
      state.price = data.price
    },

    confirmed(state) {
      state.status = 'CONFIRMED'
    },

    rescheduled(state, event) {
      state.moves += 1
      state.was = state.startsAt
      state.startsAt = event.data.startsAt
      state.slot = event.data.slot
      state.doctor = event.data.doctor
      changed(state, event, 'moved')
    },

    'note-added'(state, event) {
      state.note = event.data.note
      changed(state, event, 'note')
    },

    arrived(state, event) {
      state.status = 'ARRIVED'
      state.arrivedAt = event.created
    },

    'checked-in'(state, event) {
      state.status = 'CHECKED_IN'
      state.room = event.data.room
      state.minutes.desk = minutesSince(state.arrivedAt, event.created)
    },

    'treatment-started'(state, event) {
      state.status = 'IN_TREATMENT'
      state.treatedFrom = event.created
      state.minutes.waiting = minutesSince(state.arrivedAt, event.created)
    },

    'treatment-added'(state, event) {
      state.treatments.push(event.data.treatment)
      state.price += event.data.price
      changed(state, event, 'treatment')
    },

    'treatment-finished'(state, event) {
      state.status = 'TREATED'
      state.minutes.treatment = minutesSince(state.treatedFrom, event.created)
    },

    paid(state, event) {
      state.status = 'PAID'
      state.paid = event.data.amount
    },

    'went-home'(state, event) {
      state.status = 'HOME'
      state.wentHomeAt = event.created
      state.minutes.whole = minutesSince(state.arrivedAt, event.created)
    },

    // Whoever does not come leaves the half hour to others.
    cancelled(state, event) {
      state.status = 'CANCELLED'
      state.slot = null
      changed(state, event, 'cancelled')
    },

    'no-show'(state) {
      state.status = 'MISSED'
    },
  })

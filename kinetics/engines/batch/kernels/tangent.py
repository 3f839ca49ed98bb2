"""The exact tangent of a Rodas5P step: derivatives of the numerical solution, with the step's own LU factors.

With M = I/(h gamma) - J(y), a stage solves M k = f(u) + inflow + sum_j (c_j/h) k_j. Its derivative by a parameter
solves, with the same factors,

    M k' = J(u) u' + f_c(u) c' + inflow' + sum_j (c_j/h) k_j' + (J(y))' k

Steps are held fixed, as a derivative of the solution asks. Parameters advance in blocks of lanes, in flat arrays of
(state, lane). Derivatives of outputs are read off the step at output times.
"""

from __future__ import annotations

from kinetics.compile.definitions import STAGES
from kinetics.engines.batch.kernels.calls import address_of, call
from kinetics.engines.batch.kernels.step import combine, dense_terms
from kinetics.engines.batch.machine_code import kernel


@kernel
def start_tangent(tangent):
    """Nothing of the record is used yet."""
    if tangent is None:
        return
    tangent.steps[0], tangent.segments[0] = 0, 0
    # `combine` multiplies slopes of later stages by coefficients that are zero, and 0 times NaN is NaN: nothing that
    # the patient before has left here may stay
    tangent.stages.slopes[:] = 0.0


@kernel
def advance_tangent(tangent, code, h, segment, step):
    """Advance the sensitivities through an accepted step."""
    if tangent is None:
        return
    sensitivities = tangent.sensitivities
    # the derivative of a bolus jumps with it, once in a segment: before its first step
    if tangent.segments[0] <= segment:
        tangent.segments[0] = segment + 1
        sensitivities += tangent.boluses[segment]
    differentiate_stages(code, tangent.code, tangent.stages, step)
    # one row for each step, or a single one that is written again if outputs are read off every step at once
    record = tangent.record[tangent.steps[0] % tangent.record.shape[0]]
    tangent.steps[0] += 1
    for block in range(sensitivities.shape[0]):
        advance_block(tangent, code.width, block, h, tangent.inflows[segment, block], record[block], step)


@kernel
def differentiate_stages(alone, code, stages, step):
    """Derivatives that all blocks share: of the rates at each stage, and of the Jacobian at the begin of the step."""
    for s in range(STAGES):
        combine(alone, s, step.y, step.k, step.state, step.earlier)
        call(code.jacobian, (step.state, step.constants, address_of(stages.jacobian[s])))
        call(code.rate_by_constant, (step.state, step.constants, address_of(stages.by_constant[s])))
    # M holds the Jacobian at the begin of the step alone, so its own derivative is needed there and at no stage
    call(code.curvature_by_state, (step.y, step.constants, address_of(stages.curvature_by_state)))
    call(code.curvature_by_constant, (step.y, step.constants, address_of(stages.curvature_by_constant)))


@kernel(fastmath=["contract"])
def advance_block(tangent, stride, block, h, inflow, record, step):
    """Advance the sensitivities to a block of parameters; each line of the formula above is a line here."""
    code, now, stages, pace = tangent.code, tangent.sensitivities[block], tangent.stages, 1.0 / h
    right, change, width = stages.right, stages.jacobian_change, now.size
    sensitivities, slopes = address_of(now), address_of(stages.slopes)
    point, side = address_of(stages.point), address_of(right)
    # (J(y))' = J_y y' + J_c c'
    call(code.jacobian_changes, (address_of(stages.curvature_by_state), sensitivities, address_of(change)))
    add_terms(tangent.jacobian, block, stages.curvature_by_constant, change)
    for s in range(STAGES):
        combine(code, s, sensitivities, slopes, point, address_of(stages.earlier))
        for i in range(width):
            right[i] = inflow[i] + stages.earlier[i] * pace
        # in the order of the formula: f_c c', then J(u) u', then (J(y))' k; then M is divided out
        add_terms(tangent.rate, block, stages.by_constant[s], right)
        call(code.add_jacobian_product, (address_of(stages.jacobian[s]), point, side))
        call(code.add_jacobians_product, (address_of(change), step.k + 8 * s * stride, side))
        call(code.solve, (step.lu, side, slopes + 8 * s * width))
    for i in range(width):
        record[i] = now[i]
        now[i] = stages.point[i] + stages.slopes[(STAGES - 1) * width + i]
        record[width + i] = now[i]
    dense_terms(code, slopes, address_of(record) + 16 * width)


@kernel(fastmath=["contract"])
def add_terms(terms, block, derivatives, out):
    """Add `SparseTerms` of a block to a flat array."""
    indices = terms.indices
    # the terms of all blocks are in one list, which is short: a parameter enters few equations
    for term in range(terms.factors.size):
        if indices[0, term] == block:
            out[indices[1, term]] += derivatives[indices[2, term]] * terms.factors[term]


@kernel
def start_derivatives(c, effects, tangent, derivatives):
    """Set the terms to a patient's own derivatives of constants by parameters, and the record to the rest."""
    code, by_parameter, at_rest = tangent.code, derivatives.by_parameter, derivatives.at_rest
    call(code.constants_by_parameter, (c, address_of(by_parameter)))  # parameters are the first constants
    call(code.start_by_constant, (c, address_of(at_rest)))
    pick(by_parameter, effects.rate.factors, tangent.rate.factors)
    pick(by_parameter, effects.jacobian.factors, tangent.jacobian.factors)
    pick(by_parameter, effects.outputs.factors, derivatives.terms.factors)
    sensitivities, indices = tangent.sensitivities, effects.start.indices
    sensitivities[:] = 0.0
    for term in range(effects.start.factors.size):
        change = at_rest[indices[2, term]] * by_parameter[effects.start.factors[term]]
        sensitivities[indices[0, term], indices[1, term]] += change
    # a step of no length at rest, like that of `integration.start_patient`: an output time of 0 is read off it
    tangent.record[0] = 0.0
    for block in range(sensitivities.shape[0]):
        for i in range(sensitivities.shape[1]):
            tangent.record[0, block, i] = sensitivities[block, i]


@kernel
def pick(values, numbers, out):
    """Some of an array's values."""
    for entry in range(numbers.size):
        out[entry] = values[numbers[entry]]


@kernel
def write_derivatives(derivatives, tangent, sample, theta, step):
    """Write the derivatives of outputs at a fraction ``theta`` of the last step, at which ``state`` stands."""
    if derivatives is None:
        return
    code, outputs, of_block, width = tangent.code, derivatives.outputs, derivatives.of_block, derivatives.lanes.size
    # of all outputs, though few may be asked for: a model has one function for all
    call(code.outputs_by_state, (step.state, step.constants, address_of(derivatives.by_state)))
    call(code.outputs_by_constant, (step.state, step.constants, address_of(derivatives.by_constant)))
    for block in range(tangent.record.shape[1]):
        last = address_of(tangent.record[0, block])
        tangent.stages.theta[:] = theta
        lanes = (last, last + 8 * width, last + 16 * width, address_of(derivatives.lanes))
        call(code.interpolate, (address_of(tangent.stages.theta), *lanes))
        differentiate_outputs(derivatives, block, code.lanes)
        for index in range(outputs.size):
            for q in range(code.lanes):
                column = code.lanes * block + q
                derivatives.values[sample, index, column] = of_block[code.lanes * outputs[index] + q]


@kernel
def differentiate_outputs(derivatives, block, lanes):
    """Derivatives of all outputs by the parameters of a block: through the states, and through constants."""
    of_block, table = derivatives.of_block, derivatives.state_entries
    of_block[:] = 0.0
    for entry in range(table.shape[1]):
        row, state = lanes * table[0, entry], lanes * table[1, entry]
        for q in range(lanes):
            of_block[row + q] += derivatives.by_state[entry] * derivatives.lanes[state + q]
    indices, factors = derivatives.terms.indices, derivatives.terms.factors
    for term in range(factors.size):
        if indices[0, term] == block:
            of_block[indices[1, term]] += derivatives.by_constant[indices[2, term]] * factors[term]
